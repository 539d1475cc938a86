import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// How the reader shows themselves to others.
extension Mastodon {
    func addProfile(_ router: inout Router) {
        add(
            &router, .patch, "/api/v1/accounts/update_credentials", .scope("write:accounts"),
            bodies: .upload
        ) { [self] call throws(HTTPFailure) in
            let change = try ProfileChange(call.parameters)
            let avatar = try media.picture("avatar", call.parameters)
            let header = try media.picture("header", call.parameters)
            try call.changeProfile { profile throws(ContentError) in
                try change.applied(to: profile, avatar: avatar, header: header)
            }
            return .json(try call.ownAccount())
        }
        for (name, keep) in [("avatar", false), ("header", true)] {
            add(&router, .delete, "/api/v1/profile/\(name)", .scope("write:accounts")) {
                call throws(HTTPFailure) in
                try call.changeProfile { profile throws(ContentError) in
                    try Profile(
                        name: profile.name, bio: profile.bio, avatar: keep ? profile.avatar : nil,
                        header: keep ? nil : profile.header, links: profile.links,
                        tips: profile.tips, pinned: profile.pinned)
                }
                return .json(try call.ownAccount())
            }
        }
    }
}

/// What a client changes of a profile; what it does not name stays.
private struct ProfileChange {
    var name: String?
    var bio: String?
    var fields: [(label: String, value: String)]?

    init(_ parameters: Parameters) throws(HTTPFailure) {
        name = try parameters.text("display_name")
        bio = try parameters.text("note")
        guard parameters.names.contains("fields_attributes") else { return }
        var fields: [(label: String, value: String)] = []
        for field in try parameters.children("fields_attributes") {
            let label = try field.text("name") ?? ""
            let value = try field.text("value") ?? ""
            if !label.isEmpty && !value.isEmpty { fields.append((label, value)) }
        }
        self.fields = fields
    }

    /// A field named "tip" that holds a payment URI is a tip address.
    func applied(
        to profile: Profile, avatar: Attachment?, header: Attachment?
    ) throws(ContentError) -> Profile {
        var (links, tips) = (profile.links, profile.tips)
        if let fields {
            tips = fields.filter { $0.label.lowercased() == "tip" }.map(\.value)
            links = []
            for field in fields where field.label.lowercased() != "tip" {
                links.append(try Profile.Link(label: field.label, uri: field.value))
            }
        }
        let newName = name.flatMap { $0.isEmpty ? nil : $0 } ?? profile.name
        let newBio = bio.map { $0.isEmpty ? nil : $0 } ?? profile.bio
        return try Profile(
            name: newName, bio: newBio, avatar: avatar ?? profile.avatar,
            header: header ?? profile.header, links: links, tips: tips, pinned: profile.pinned)
    }
}
