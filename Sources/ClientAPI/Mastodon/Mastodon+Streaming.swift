import Primitives

/// What happens, as it happens: server-sent events.
extension Mastodon {
    func addStreaming(_ router: inout Router) {
        add(&router, .get, "/api/v1/streaming/health", .open("read")) { _ throws(HTTPFailure) in
            .text("OK")
        }
        add(&router, .get, "/api/v1/streaming", .open("read:statuses")) {
            [live] call throws(HTTPFailure) in
            let name = try call.parameters.text("stream") ?? ""
            return try Self.answer(live, call, name.split(separator: ":").map(String.init))
        }
        // `/api/v1/streaming/public/local` says the same as `?stream=public:local`.
        for path in [":a", ":a/:b", ":a/:b/:c"] {
            add(&router, .get, "/api/v1/streaming/\(path)", .open("read:statuses")) {
                [live] call throws(HTTPFailure) in
                try Self.answer(live, call, Array(call.request.path.dropFirst(3)))
            }
        }
    }

    private static func answer(
        _ live: Live, _ call: Call, _ name: [String]
    ) throws(HTTPFailure) -> HTTPResponse {
        let channel = try self.channel(call, name)
        switch channel {
        case .user, .page, .notifications, .list:
            guard call.viewer.account != nil else {
                throw HTTPFailure(401, "The access token is invalid")
            }
        case .everybody, .tag: break
        }
        return HTTPResponse(
            headers: [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")],
            body: .stream(live.open(channel, call.viewer, call.caller)))
    }

    private static func channel(_ call: Call, _ name: [String]) throws(HTTPFailure) -> Live.Channel
    {
        let onlyMedia = try call.parameters.flag("only_media") ?? false
        switch name {
        case ["user"]: return .user
        case ["user", "starling"]: return .page
        case ["user", "notification"]: return .notifications
        case ["public"]: return .everybody(isLocal: nil, onlyMedia: onlyMedia)
        case ["public", "media"]: return .everybody(isLocal: nil, onlyMedia: true)
        case ["public", "local"]: return .everybody(isLocal: true, onlyMedia: onlyMedia)
        case ["public", "local", "media"]: return .everybody(isLocal: true, onlyMedia: true)
        case ["public", "remote"]: return .everybody(isLocal: false, onlyMedia: onlyMedia)
        case ["public", "remote", "media"]: return .everybody(isLocal: false, onlyMedia: true)
        case ["hashtag"], ["hashtag", "local"]:
            return .tag(try call.parameters.required("tag").lowercased())
        case ["list"]:
            guard let id = try call.parameters.integer("list") else { throw .notFound }
            return .list(id)
        // Nobody writes in private here: nothing will come.
        case ["direct"]: return .list(0)
        default: throw HTTPFailure(404, "There is no such stream")
        }
    }
}
