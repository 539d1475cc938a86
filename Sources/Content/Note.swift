package import Crypto
package import MerkleLog
package import Primitives
import Wire

/// A post.
package struct Note: Hashable, Sendable {
    package let text: String
    package let reply: Reply?
    /// The entry that this one speaks of.
    package let quote: Reference?
    package let mentions: [Mention]
    /// Without `#`, as the author spelt them.
    package let tags: [String]
    /// What readers are warned of before they see it.
    package let warning: String?
    /// A language tag (BCP 47).
    package let language: String?
    package let attachments: [Attachment]
    package let poll: Poll?
    package let imported: Import?

    /// Where a note stands in a conversation.
    package struct Reply: Hashable, Sendable {
        package let to: Reference
        /// The first note of the conversation, where that is another.
        package let root: Reference?

        package init(to: Reference, root: Reference? = nil) throws(ContentError) {
            if root == to { throw .refused("a reply to the first note of a thread has no root") }
            self.to = to
            self.root = root
        }
    }

    /// Somebody who is named in the text, and where.
    package struct Mention: Hashable, Sendable {
        /// Bytes of the text's UTF-8.
        package let range: Range<Int>
        package let identity: PublicKey

        package init(_ range: Range<Int>, _ identity: PublicKey) {
            self.range = range
            self.identity = identity
        }
    }

    /// Where a note comes from that was first written elsewhere.
    package struct Import: Hashable, Sendable {
        package let source: String
        /// When it was written there.
        package let time: UnixTime
        package let url: String

        package init(source: String, time: UnixTime, url: String = "") throws(ContentError) {
            try Checks.size(source, ContentLimits.source, "the source of an import")
            try Checks.number(
                time.milliseconds, 0...UnixTime.latest.milliseconds, "the time of an import")
            try Checks.size(url, ContentLimits.sourceURL, "the address of an import")
            self.source = source
            self.time = time
            self.url = url
        }
    }

    package init(
        text: String = "", reply: Reply? = nil, quote: Reference? = nil,
        mentions: [Mention] = [], tags: [String] = [], warning: String? = nil,
        language: String? = nil, attachments: [Attachment] = [], poll: Poll? = nil,
        imported: Import? = nil
    ) throws(ContentError) {
        try self.init(
            isRead: false, text, reply, quote, mentions, tags, warning, language, attachments, poll,
            imported)
    }

    private init(
        isRead: Bool, _ text: String, _ reply: Reply?, _ quote: Reference?, _ mentions: [Mention],
        _ tags: [String], _ warning: String?, _ language: String?, _ attachments: [Attachment],
        _ poll: Poll?, _ imported: Import?
    ) throws(ContentError) {
        try Checks.size(text, ContentLimits.note, "a note")
        if text.isEmpty && quote == nil && attachments.isEmpty && poll == nil {
            throw .refused("a note has a text, an attachment, a poll or a quote")
        }
        try Self.check(mentions: mentions, in: text)
        try Self.check(tags: tags)
        if let warning { try Checks.size(warning, ContentLimits.warning, "a content warning") }
        if let language { try Self.check(language: language) }
        try Checks.list(attachments, ContentLimits.attachments, "the list of attachments")
        self.text = text
        self.reply = reply
        self.quote = quote
        self.mentions = mentions
        self.tags = tags
        self.warning = warning
        self.language = language
        self.attachments = attachments
        self.poll = poll
        self.imported = imported
        // Nothing else is large: the text and all of that fit. What was read out of a body did.
        if !isRead, !mentions.isEmpty || !tags.isEmpty || !attachments.isEmpty || poll != nil {
            try Checks.fits(encoded, kind: Content.noteKind)
        }
    }

    /// `[CONT-6]`: ascending, apart, whole characters.
    private static func check(mentions: [Mention], in text: String) throws(ContentError) {
        try Checks.list(mentions, ContentLimits.mentions, "the list of mentions")
        let utf8 = text.utf8
        var behind = 0
        for mention in mentions {
            let range = mention.range
            guard range.lowerBound >= behind, !range.isEmpty, range.upperBound <= utf8.count else {
                throw .refused("mentions stand within the text, one behind the other")
            }
            behind = range.upperBound
        }
        if mentions.isEmpty { return }
        let bytes = Array(utf8)
        for mention in mentions {
            for end in [mention.range.lowerBound, mention.range.upperBound]
            where end < bytes.count && bytes[end] & 0xc0 == 0x80 {
                throw .refused("a mention begins and ends between characters")
            }
        }
    }

    /// `[CONT-7]`
    private static func check(tags: [String]) throws(ContentError) {
        try Checks.list(tags, ContentLimits.tags, "the list of tags")
        for tag in tags {
            try Checks.size(tag, ContentLimits.tag, "a tag")
            try Checks.oneWord(tag, "a tag")
            if tag.utf8.contains(UInt8(ascii: "#")) { throw .refused("a tag has no #") }
        }
        try Checks.distinct(tags.map { Array($0.utf8) }, "the list of tags")
    }

    /// `[CONT-8]`
    private static func check(language: String) throws(ContentError) {
        try Checks.size(language, ContentLimits.language, "a language")
        let isTag = language.utf8.allSatisfy {
            Checks.isLetter($0) || Checks.isDigit($0) || $0 == UInt8(ascii: "-")
        }
        if !isTag { throw .refused("a language is a tag of BCP 47, such as en or pt-BR") }
    }
}

// MARK: Coding

extension Note {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, text.isEmpty ? nil : text)
        writer.reference(2, reply?.to)
        writer.reference(3, reply?.root)
        writer.reference(4, quote)
        writer.list(5, mentions) { mention, encoder in
            encoder.array(3)
            encoder.uint(mention.range.lowerBound)
            encoder.uint(mention.range.count)
            encoder.bytes(mention.identity)
        }
        writer.texts(6, tags)
        writer.text(7, warning)
        writer.text(8, language)
        writer.list(9, attachments) { $1.raw($0.encoded) }
        if let poll { writer.field(10) { $0.raw(poll.encoded) } }
        if let imported {
            writer.field(11) { encoder in
                encoder.array(3)
                encoder.text(imported.source)
                encoder.uint(imported.time.milliseconds)
                encoder.text(imported.url)
            }
        }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var found = Found()
        try reader.fields { (number, reader) throws(ContentError) in
            try found.read(number, &reader)
        }
        var reply: Reply?
        if let to = found.replyTo {
            reply = try Reply(to: to, root: found.root)
        } else if found.root != nil {
            throw .refused("a note has the root of a thread only where it is a reply")
        }
        try self.init(
            isRead: true, found.text, reply, found.quote, found.mentions, found.tags,
            found.warning, found.language, found.attachments, found.poll, found.imported)
    }

    /// The fields as they come.
    private struct Found {
        var text = ""
        var replyTo: Reference?
        var root: Reference?
        var quote: Reference?
        var mentions: [Mention] = []
        var tags: [String] = []
        var warning: String?
        var language: String?
        var attachments: [Attachment] = []
        var poll: Poll?
        var imported: Import?

        mutating func read(
            _ number: UInt64, _ reader: inout FieldReader
        ) throws(ContentError) {
            switch number {
            case 1: text = try reader.text(ContentLimits.note)
            case 2: replyTo = try reader.reference()
            case 3: root = try reader.reference()
            case 4: quote = try reader.reference()
            case 5:
                mentions = try reader.list(ContentLimits.mentions) {
                    (reader) throws(ContentError) in
                    try Mention(from: &reader)
                }
            case 6: tags = try reader.texts(ContentLimits.tags, of: ContentLimits.tag)
            case 7: warning = try reader.text(ContentLimits.warning)
            case 8: language = try reader.text(ContentLimits.language)
            case 9:
                attachments = try reader.list(ContentLimits.attachments) {
                    (reader) throws(ContentError) in
                    try Attachment(from: &reader)
                }
            case 10: poll = try Poll(from: &reader)
            case 11: imported = try Import(from: &reader)
            default: try reader.skip()
            }
        }
    }
}

extension Note.Mention {
    fileprivate init(from reader: inout FieldReader) throws(ContentError) {
        try reader.array(exactly: 3)
        let start = try reader.count(max: ContentLimits.note.upperBound)
        let count = try reader.count(max: ContentLimits.note.upperBound)
        self.init(start..<(start + count), try reader.bytes32())
    }
}

extension Note.Import {
    fileprivate init(from reader: inout FieldReader) throws(ContentError) {
        try reader.array(exactly: 3)
        try self.init(
            source: try reader.text(ContentLimits.source), time: try reader.time(),
            url: try reader.text(ContentLimits.sourceURL))
    }
}
