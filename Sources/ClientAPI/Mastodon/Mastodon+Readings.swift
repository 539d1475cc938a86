import Feed
import MerkleLog
import Node
import Primitives
import Store

/// How far somebody has read.
extension Mastodon {
    func addReadings(_ router: inout Router) {
        add(&router, .get, "/api/v1/markers", .scope("read:statuses")) {
            [desk] call throws(HTTPFailure) in
            let (me, names) = (try call.me().identity, try call.parameters.texts("timeline"))
            return .json(
                try call.stored { () throws(StoreError) in
                    try Markers.json(names, of: me, desk)
                })
        }
        add(&router, .post, "/api/v1/markers", .scope("write:statuses")) {
            [desk] call throws(HTTPFailure) in
            let me = try call.me().identity
            var names: [String] = []
            for name in Markers.names.keys.sorted() {
                guard let child = try call.parameters.child(name),
                    let id = try child.integer("last_read_id")
                else { continue }
                names.append(name)
                try call.stored { () throws(StoreError) in
                    try Markers.put(name, id, of: me, desk)
                }
            }
            let changed = names
            return .json(
                try call.stored { () throws(StoreError) in
                    try Markers.json(changed, of: me, desk)
                })
        }
    }
}

enum Markers {
    /// The timelines that programs keep a place in.
    static let names: [String: Int64] = ["home": 1, "notifications": 2]

    static func read(
        _ name: String, of reader: LogKey, _ desk: Desk
    ) throws(StoreError) -> Int64 {
        guard let number = names[name],
            let value = try desk.value(.marker, of: reader, number)
        else { return -1 }
        return value.split(separator: " ").first.flatMap { Int64($0) } ?? -1
    }

    /// The value: the id, how often it was set, and when.
    static func put(
        _ name: String, _ id: Int64, of reader: LogKey, _ desk: Desk
    ) throws(StoreError) {
        guard let number = names[name] else { return }
        let before = try desk.value(.marker, of: reader, number) ?? ""
        let parts = before.split(separator: " ")
        let version = (parts.count > 1 ? Int64(parts[1]) ?? 0 : 0) + 1
        try desk.put(
            .marker, of: reader, number, 0, "\(id) \(version) \(Clock.wall.milliseconds)")
    }

    static func json(
        _ wanted: [String], of reader: LogKey, _ desk: Desk
    ) throws(StoreError) -> JSONValue {
        var members: [JSONValue.Member] = []
        for name in wanted {
            guard let number = names[name],
                let value = try desk.value(.marker, of: reader, number)
            else { continue }
            let parts = value.split(separator: " ").compactMap { Int64($0) }
            guard parts.count == 3 else { continue }
            members.append(
                .init(
                    name,
                    [
                        "last_read_id": .id(parts[0]), "version": .integer(parts[1]),
                        "updated_at": .time(
                            UnixTime(milliseconds: UInt64(max(parts[2], 0)))),
                    ]))
        }
        return .object(members)
    }
}
