import Primitives

/// What there is none of here, in the form that clients expect of none.
extension Instance {
    /// Open to all.
    func addEmpties(to router: inout Router) {
        let lists = [
            "custom_emojis", "trends", "trends/tags", "trends/statuses", "trends/links",
            "directory",
        ]
        for name in lists { open(&router, .get, "/api/v1/" + name) { _ in .json([]) } }
        open(&router, .get, "/api/v1/donation_campaigns") { _ in HTTPResponse(status: 204) }
        open(&router, .get, "/api/oembed") { request throws(HTTPFailure) in
            let url = try request.parameters().required("url")
            guard let page = try self.embed(url) else {
                throw HTTPFailure(404, "That is no address of a post here")
            }
            return .json(page)
        }
    }

    /// For whoever is let in.
    func addPersonal(to router: inout Router) {
        let lists = [
            ("announcements", "read"), ("endorsements", "read:accounts"),
            ("featured_tags", "read:accounts"),
            ("featured_tags/suggestions", "read:accounts"), ("followed_tags", "read:follows"),
            ("domain_blocks", "read:blocks"), ("scheduled_statuses", "read:statuses"),
            ("conversations", "read:statuses"), ("identity_proofs", "read:accounts"),
            ("domain_blocks/preview", "read:blocks"),
        ]
        for (name, scope) in lists {
            own(&router, .get, "/api/v1/" + name, scope) { _, _ in .json([]) }
        }
        own(&router, .get, "/api/v1/annual_reports", "read:accounts") { _, _ in
            .json(["annual_reports": [], "accounts": [], "statuses": []])
        }
        own(&router, .get, "/api/v1/preferences", "read:accounts") { _, _ in
            .json(Self.preferences)
        }
        own(&router, .delete, "/api/v1/domain_blocks", "write:blocks") { _, _ in .json([:]) }
        addPictures(to: &router)
    }

    private func addPictures(to router: inout Router) {
        for (name, picture) in [("avatar", Picture.avatar), ("header", .header)] {
            own(&router, .delete, "/api/v1/profile/" + name, "write:accounts") {
                _, caller throws(HTTPFailure) in
                .json(try self.remove(picture, caller))
            }
        }
    }

    /// Everything is public here, and nothing plays by itself or is unfolded unasked.
    private static let preferences: JSONValue = [
        "posting:default:visibility": "public", "posting:default:sensitive": false,
        "posting:default:language": nil, "posting:default:quote_policy": "public",
        "reading:expand:media": "default", "reading:expand:spoilers": false,
        "reading:autoplay:gifs": false,
    ]
}
