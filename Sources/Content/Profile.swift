package import MerkleLog
import Primitives
import Wire

/// How somebody shows themselves. The newest replaces those before it wholly.
package struct Profile: Hashable, Sendable {
    package let name: String
    package let bio: String?
    package let avatar: Attachment?
    /// The wide picture above.
    package let header: Attachment?
    package let links: [Link]
    /// Payment URIs. Nothing here pays, and no ranking looks at it.
    package let tips: [String]
    /// Posts that stand before the newest.
    package let pinned: [Reference]

    package struct Link: Hashable, Sendable {
        package let label: String
        package let uri: String

        package init(label: String, uri: String) throws(ContentError) {
            try Checks.size(label, ContentLimits.linkLabel, "the label of a link")
            try Checks.size(uri, ContentLimits.uri, "a link")
            self.label = label
            self.uri = uri
        }
    }

    package init(
        name: String, bio: String? = nil, avatar: Attachment? = nil, header: Attachment? = nil,
        links: [Link] = [], tips: [String] = [], pinned: [Reference] = []
    ) throws(ContentError) {
        try Checks.size(name, ContentLimits.name, "a name")
        if let bio { try Checks.size(bio, ContentLimits.bio, "what you say of yourself") }
        try Checks.list(links, ContentLimits.links, "the list of links")
        try Checks.list(tips, ContentLimits.tips, "the list of tip addresses")
        for tip in tips { try Self.check(tip: tip) }
        try Checks.distinct(tips.map { Array($0.utf8) }, "the list of tip addresses")
        try Checks.list(pinned, ContentLimits.pinned, "the list of pinned posts")
        if Set(pinned).count != pinned.count {
            throw .refused("the list of pinned posts has the same one twice")
        }
        self.name = name
        self.bio = bio
        self.avatar = avatar
        self.header = header
        self.links = links
        self.tips = tips
        self.pinned = pinned
    }

    /// `[CONT-13]`: a scheme of RFC 3986 §3.1, a colon, and something.
    private static func check(tip: String) throws(ContentError) {
        try Checks.size(tip, ContentLimits.tip, "a tip address")
        try Checks.visible(tip, "a tip address")
        let scheme = tip.utf8.prefix { $0 != UInt8(ascii: ":") }
        let isScheme =
            scheme.first.map(Checks.isLetter) == true && scheme.count + 1 < tip.utf8.count
            && scheme.allSatisfy {
                Checks.isLetter($0) || Checks.isDigit($0) || Array("+-.".utf8).contains($0)
            }
        if !isScheme { throw .refused("a tip address is a payment URI, such as bitcoin:…") }
    }
}

extension Profile {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, name)
        writer.text(2, bio)
        if let avatar { writer.field(3) { $0.raw(avatar.encoded) } }
        if let header { writer.field(4) { $0.raw(header.encoded) } }
        writer.list(5, links) { link, encoder in
            encoder.array(2)
            encoder.text(link.label)
            encoder.text(link.uri)
        }
        writer.texts(6, tips)
        writer.list(7, pinned) { $0.encode(into: &$1) }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var name: String?
        var bio: String?
        var avatar: Attachment?
        var header: Attachment?
        var links: [Link] = []
        var tips: [String] = []
        var pinned: [Reference] = []
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: name = try reader.text(ContentLimits.name)
            case 2: bio = try reader.text(ContentLimits.bio)
            case 3: avatar = try Attachment(from: &reader)
            case 4: header = try Attachment(from: &reader)
            case 5:
                links = try reader.list(ContentLimits.links) { (reader) throws(ContentError) in
                    try reader.array(exactly: 2)
                    return try Link(
                        label: try reader.text(ContentLimits.linkLabel),
                        uri: try reader.text(ContentLimits.uri))
                }
            case 6: tips = try reader.texts(ContentLimits.tips, of: ContentLimits.tip)
            case 7:
                pinned = try reader.list(ContentLimits.pinned) { (reader) throws(ContentError) in
                    try reader.reference()
                }
            default: try reader.skip()
            }
        }
        guard let name else { throw .refused("a profile has a name") }
        try self.init(
            name: name, bio: bio, avatar: avatar, header: header, links: links, tips: tips,
            pinned: pinned)
    }
}
