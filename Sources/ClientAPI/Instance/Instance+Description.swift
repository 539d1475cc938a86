import Node
import Primitives

/// What the server is and how much it takes: `/api/v1/instance`, `/api/v2/instance` and what is
/// below them.
extension Instance {
    func addDescriptions(to router: inout Router) {
        open(&router, .get, "/api/v1/instance") { request in .json(self.first(request)) }
        open(&router, .get, "/api/v2/instance") { request in .json(self.second(request)) }
        open(&router, .get, "/api/v1/instance/rules") { _ in
            .json(.array(Self.rules(self.facts())))
        }
        // A node names no peers: who meets whom is nobody else's business.
        for name in ["peers", "domain_blocks", "languages"] {
            open(&router, .get, "/api/v1/instance/" + name) { _ in .json([]) }
        }
        open(&router, .get, "/api/v1/instance/activity") { _ in .json(self.activity()) }
        open(&router, .get, "/api/v1/instance/extended_description") { _ in
            .json(self.page(DisplayText.html(self.facts().description)))
        }
        open(&router, .get, "/api/v1/instance/privacy_policy") { _ in
            .json(self.page(Self.privacy))
        }
        for pattern in ["terms_of_service", "terms_of_service/:date"] {
            open(&router, .get, "/api/v1/instance/" + pattern) { _ throws(HTTPFailure) in
                throw HTTPFailure(404, "There are no terms: the node is its owner's")
            }
        }
        open(&router, .get, "/api/v1/instance/translation_languages") { _ in .json([:]) }
        open(&router, .get, "/health") { _ in .text("OK") }
        open(&router, .get, "/icon.svg") { _ in .text(Self.icon, type: "image/svg+xml") }
    }

    // MARK: Entities

    private func first(_ request: HTTPRequest) -> JSONValue {
        let facts = facts()
        return [
            "uri": .string(request.host), "title": .string(facts.title),
            "short_description": .string(DisplayText.html(facts.description)),
            "description": .string(DisplayText.html(facts.description)), "email": "",
            "version": .string(Self.version),
            "urls": ["streaming_api": .string(Self.streaming(request))],
            "stats": [
                "user_count": .integer(facts.people), "status_count": .integer(facts.posts),
                "domain_count": 0,
            ],
            "thumbnail": .string(request.origin + "/icon.svg"),
            "languages": .array(facts.languages.map { .string($0) }),
            "registrations": false, "approval_required": false, "invites_enabled": false,
            "configuration": .object(Self.limits(facts)), "contact_account": facts.contact,
            "rules": .array(Self.rules(facts)),
        ]
    }

    private func second(_ request: HTTPRequest) -> JSONValue {
        let facts = facts()
        let urls: JSONValue = [
            "streaming": .string(Self.streaming(request)), "status": nil, "about": nil,
            "privacy_policy": nil, "terms_of_service": nil,
        ]
        let configuration =
            [
                JSONValue.Member("urls", urls),
                .init("vapid", ["public_key": ""]),
            ] + Self.limits(facts) + [.init("translation", ["enabled": false])]
        let icon: JSONValue = .string(request.origin + "/icon.svg")
        return [
            "domain": .string(request.host), "title": .string(facts.title),
            "version": .string(Self.version),
            "source_url": "",
            "description": .string(DisplayText.html(facts.description)),
            "usage": ["users": ["active_month": .integer(facts.active)]],
            "thumbnail": ["url": icon, "blurhash": nil, "versions": [:]],
            "icon": [["src": icon, "size": "any"]],
            "languages": .array(facts.languages.map { .string($0) }),
            "configuration": .object(configuration),
            "registrations": [
                "enabled": false, "approval_required": false, "message": nil, "url": nil,
            ],
            "api_versions": ["mastodon": 2],
            "contact": ["email": "", "account": facts.contact],
            "rules": .array(Self.rules(facts)),
        ]
    }

    /// Limits here are in bytes of UTF-8, those of the API in characters, which have up to four:
    /// what is promised always fits.
    private static func limits(_ facts: Facts) -> [JSONValue.Member] {
        func characters(_ range: ClosedRange<Int>) -> JSONValue {
            .integer(Int64(range.upperBound / 4))
        }
        let pixels = Int64(clamping: ContentLimits.pixels.upperBound)
        let matrix = JSONValue.integer(pixels * pixels)
        let upload = JSONValue.integer(Int64(Limits.HTTP.upload))
        return [
            .init(
                "accounts",
                [
                    "max_featured_tags": 0,
                    "max_pinned_statuses": .integer(Int64(ContentLimits.pinned.upperBound)),
                ]),
            .init(
                "statuses",
                [
                    "max_characters": characters(ContentLimits.note),
                    "max_media_attachments": .integer(
                        Int64(ContentLimits.attachments.upperBound)),
                    "characters_reserved_per_url": 23,
                ]),
            .init(
                "media_attachments",
                [
                    "description_limit": characters(ContentLimits.alternative),
                    "supported_mime_types": .array(facts.mediaTypes.map { .string($0) }),
                    "image_size_limit": upload, "image_matrix_limit": matrix,
                    "video_size_limit": upload, "video_frame_rate_limit": 120,
                    "video_matrix_limit": matrix,
                ]),
            .init(
                "polls",
                [
                    "max_options": .integer(Int64(ContentLimits.pollOptions.upperBound)),
                    "max_characters_per_option": characters(ContentLimits.pollOption),
                    "min_expiration": 60, "max_expiration": 31_536_000,
                ]),
        ]
    }

    private static func rules(_ facts: Facts) -> [JSONValue] {
        facts.rules.enumerated().map { index, text in
            ["id": .string(String(index + 1)), "text": .string(text), "hint": ""]
        }
    }

    /// Mastodon tells twelve weeks; this node counts none, and says so with no line at all.
    private func activity() -> JSONValue { [] }

    /// Where event streams are; clients write the scheme of a web socket.
    private static func streaming(_ request: HTTPRequest) -> String {
        "ws" + request.origin.dropFirst(4)
    }

    private func page(_ html: String) -> JSONValue {
        [
            "updated_at": .string(Timestamp.text(UnixTime(milliseconds: 0))),
            "content": .string("<p>" + html + "</p>"),
        ]
    }

    private static let privacy =
        "All that is posted here is public, signed, and passed on to other nodes: nobody can make "
        + "them forget. The node keeps what its owner reads, follows and lists to itself. It asks "
        + "no other server on behalf of whoever reads."

    /// A bird, for clients that show a picture of the server.
    private static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" \
        rx="14" fill="#4b3fa8"/><path d="M8 40c10 4 16 2 22-4C36 22 44 16 52 18l6 4-6 2c-1 16-12 \
        26-26 26-6 0-12-4-18-10z" fill="#fff"/></svg>
        """
}
