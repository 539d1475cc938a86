import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Lists of labels: what somebody calls people and posts, for whoever chose to read it. None is
/// chosen by default, and what one hides says so: `[CONT-25]`.
extension Mastodon {
    func addLabels(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/labels", .scope("read:lists")) {
            call throws(HTTPFailure) in
            .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.chosenLabels().map { showing.describe($0) }
                    }))
        }
        add(&router, .get, "\(base)/accounts/:id/labels", .open("read:lists")) {
            call throws(HTTPFailure) in
            let who = try call.person()
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.square.labels(of: who).map {
                            showing.describe(LabelList(publisher: who, labels: $0))
                        }
                    }))
        }
        for (method, isOn) in [(HTTPMethod.post, true), (.delete, false)] {
            add(&router, method, "\(base)/accounts/:id/labels", .scope("write:lists")) {
                [desk] call throws(HTTPFailure) in
                let (who, me) = (try call.person(), try call.me().identity)
                let name = try call.parameters.required("name")
                guard name.utf8.count <= ContentLimits.name.upperBound else { throw .notFound }
                try call.stored { () throws(StoreError) in
                    if isOn {
                        try desk.put(.labels, of: me, Mark.of(who), LabelList.mark(name), name)
                    } else {
                        try desk.remove(.labels, of: me, Mark.of(who), LabelList.mark(name))
                    }
                }
                return .json([:])
            }
        }
        add(&router, .put, "\(base)/labels", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let labels = try Self.labels(call)
            try call.publish([.labels(labels)])
            let me = try call.me().identity
            return .json(
                try call.see { showing throws(StoreError) in
                    showing.describe(LabelList(publisher: me, labels: labels))
                })
        }
    }

    /// A list that the caller publishes: it replaces the one of the same name wholly.
    private static func labels(_ call: Call) throws(HTTPFailure) -> Labels {
        var entries: [Labels.Entry] = []
        for entry in try call.parameters.children("entries") {
            let subject: Labels.Subject
            if let id = try entry.integer("account_id") {
                subject = .identity(
                    try call.see { showing throws(StoreError) in showing.identity(id) })
            } else if let id = try entry.integer("status_id") {
                subject = .post(try call.note(id).reference)
            } else {
                throw HTTPFailure(
                    422, "Validation failed: an entry names an account_id or a status_id")
            }
            let label = try entry.required("label")
            let reason = try entry.text("reason") ?? ""
            entries.append(
                try call.made { () throws(ContentError) in
                    try Labels.Entry(subject: subject, label: label, reason: reason)
                })
        }
        let name = try call.parameters.required("name")
        let description = try call.parameters.text("description")
        let all = entries
        return try call.made { () throws(ContentError) in
            try Labels(
                name: name, description: description.flatMap { $0.isEmpty ? nil : $0 },
                entries: all)
        }
    }
}

/// A list and who publishes it.
struct LabelList: Sendable {
    var publisher: LogKey
    var labels: Labels

    /// What tells lists of one publisher apart: their names' bytes.
    static func mark(_ name: String) -> Int64 { Mark.of(SHA256.hash(Array(name.utf8))) }
}

extension Showing {
    /// The lists that the viewer chose, as they are now.
    func chosenLabels() throws(StoreError) -> [LabelList] {
        guard let me = viewer.identity else { return [] }
        var found: [LabelList] = []
        for row in try desk.rows(.labels, of: me) {
            guard let publisher = identity(row.id) else { continue }
            for labels in try square.labels(of: publisher)
            where Array(labels.name.utf8) == Array(row.value.utf8) {
                found.append(LabelList(publisher: publisher, labels: labels))
            }
        }
        return found
    }

    private func isChosen(_ list: LabelList) -> Bool {
        hidden.labels.contains {
            $0.publisher == list.publisher
                && $0.labels.name.utf8.elementsEqual(list.labels.name.utf8)
        }
    }

    func describe(_ list: LabelList) -> JSONValue {
        [
            "publisher": mention(list.publisher), "name": .string(list.labels.name),
            "description": .text(list.labels.description), "chosen": .bool(isChosen(list)),
            "entries": .array(
                list.labels.entries.map { entry in
                    var members: [JSONValue.Member] = [
                        .init("label", .string(entry.label)),
                        .init("reason", .string(entry.reason)),
                    ]
                    switch entry.subject {
                    case .identity(let key): members.append(.init("account", mention(key)))
                    case .post(let post): members.append(.init("address", .string(post.text)))
                    }
                    return .object(members)
                }),
        ]
    }

    /// Lines for what chosen lists say of a post or of those who wrote it or passed it on.
    func labelLines(
        _ view: NoteView, by author: LogKey, in context: Filter.Context
    ) throws(StoreError) -> [JSONValue] {
        var lines: [JSONValue] = []
        for list in hidden.labels {
            for entry in list.labels.entries {
                switch entry.subject {
                case .identity(let key): guard key == author || key == view.author else { continue }
                case .post(let post): guard post == view.reference else { continue }
                }
                let reason = entry.reason.isEmpty ? "" : ": \(entry.reason)"
                let publisher = handles.displayName(list.publisher)
                lines.append(
                    Self.line(
                        "\(entry.label)\(reason) (list \"\(list.labels.name)\" of "
                            + "\(publisher))", 3, context,
                        [
                            "by": "label", "name": .string(publisher),
                            "list": .string(list.labels.name), "label": .string(entry.label),
                            "reason": .string(entry.reason),
                        ]))
            }
        }
        return lines
    }
}
