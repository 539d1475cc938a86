import Foundation
import Primitives
import Testing

@testable import Archive

/// Archives as services give them, and as an attacker would.
@Suite struct ArchiveTests {
    private final class Scratch {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "starling-archive-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// An archive that Python's library packs: another program than the one that reads it.
        func pack(_ kind: String, _ files: [(String, String)]) throws -> String {
            let path = folder.appending(path: "archive.\(kind)").path
            let list = files.map { ["name": $0.0, "text": $0.1] }
            let data = try JSONSerialization.data(withJSONObject: list)
            let script = """
                import io, json, sys, tarfile, zipfile
                files = json.load(sys.stdin)
                if sys.argv[1] == "zip":
                    with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as out:
                        for f in files: out.writestr(f["name"], f["text"])
                else:
                    with tarfile.open(sys.argv[2], "w:gz") as out:
                        for f in files:
                            data = f["text"].encode()
                            info = tarfile.TarInfo(f["name"]); info.size = len(data)
                            out.addfile(info, io.BytesIO(data))
                """
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", "-c", script, kind, path]
            let pipe = Pipe()
            process.standardInput = pipe
            try process.run()
            try pipe.fileHandleForWriting.write(contentsOf: data)
            try pipe.fileHandleForWriting.close()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
            return path
        }
    }

    private static func items(_ service: PastService, _ path: String) throws -> [PastItem] {
        var items: [PastItem] = []
        try service.read(path) { item throws(ArchiveError) in items.append(item) }
        return items
    }

    private static let tweets = """
        window.YTD.tweets.part0 = [ { "tweet": { "id_str": "12", "lang": "en",
        "created_at": "Wed Nov 25 18:46:13 +0000 2020",
        "full_text": "a &lt;b&gt; &amp;lt; [x] \\"{ https://t.co/a #caf\\u00e9",
        "entities": {"hashtags": [{"text": "caf\\u00e9", "indices": ["1", "2"]}],
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://a.example/?x=1"}]} } },
        { "tweet": { "id_str": "13", "created_at": "Thu Feb 29 00:00:00 +0000 2024", "lang": "und",
        "full_text": "RT @somebody: hello" } },
        { "id_str": "14", "created_at": "Thu Feb 29 00:00:00 +0000 2024", "lang": "und",
        "text": "old" }, {"tweet": {"id_str": "../x", "full_text": "a"}}, {}, {"tweet": 5} ]
        """

    @Test func tweetsOfAZip() throws {
        let scratch = try Scratch()
        let path = try scratch.pack(
            "zip",
            [
                ("data/account.js", "window.x = [{}]"), ("data/tweets.js", Self.tweets),
                ("data/tweets_media/12.jpg", "jpeg"), ("tweets.js", "[{}]"),
            ])
        let items = try Self.items(.twitter, path)
        let note = PastNote(
            text: "a <b> &lt; [x] \"{ https://a.example/?x=1 #caf\u{e9}",
            time: UnixTime(milliseconds: 1_606_329_973_000),
            url: "https://twitter.com/i/web/status/12", tags: ["caf\u{e9}"], language: "en")
        #expect(items.count == 6)
        #expect(items[0] == .note(note))
        #expect(items[1] == .repost)
        let old = PastNote(
            text: "old", time: UnixTime(milliseconds: 1_709_164_800_000),
            url: "https://twitter.com/i/web/status/14")
        #expect(items[2] == .note(old))
        #expect(items[3...].allSatisfy { $0 == .other })
    }

    private static func outbox(_ items: String) -> String {
        """
        {"@context": ["https://www.w3.org/ns/activitystreams", {"orderedItems": "as:items"}],
        "id": "outbox.json", "type": "OrderedCollection", "totalItems": 1,
        "orderedItems": [\(items)]}
        """
    }

    private static func create(to: String, _ content: String) -> String {
        """
        {"type": "Create", "object": {"id": "https://m.example/users/a/statuses/1", "type": "Note",
        "summary": "food", "published": "2023-05-01T12:00:00Z", "to": ["\(to)"], "cc": [],
        "content": "\(content)", "contentMap": {"pt-BR": "x"}, "attachment": [],
        "tag": [{"type": "Hashtag", "name": "#tea"}, {"type": "Mention", "name": "@b@c.example"}]}}
        """
    }

    @Test(arguments: ["zip", "tar.gz"]) func anOutbox(kind: String) throws {
        let scratch = try Scratch()
        let everybody = "https://www.w3.org/ns/activitystreams#Public"
        let html = "<p>One<br/>two &amp; <a href='https://x.example'>x</a></p><p>3</p>"
        let path = try scratch.pack(
            kind,
            [
                ("actor.json", "{}"), ("media_attachments/files/1.png", "png"),
                (
                    "outbox.json",
                    Self.outbox(
                        [
                            Self.create(to: everybody, html),
                            Self.create(to: "https://m.example/users/a/followers", html),
                            Self.create(to: "https://m.example/users/b", html),
                            #"{"type": "Announce", "object": "https://b.example/1"}"#,
                            #"{"type": "Like", "object": {"type": "Note"}}"#,
                        ].joined(separator: ","))
                ),
            ])
        let note = PastNote(
            text: "One\ntwo & x\n\n3", time: UnixTime(milliseconds: 1_682_942_400_000),
            url: "https://m.example/users/a/statuses/1", tags: ["tea"], warning: "food",
            language: "pt-BR")
        #expect(
            try Self.items(.mastodon, path)
                == [.note(note), .notPublic, .notPublic, .repost, .other])
    }

    /// One member of another shape costs no post; whom it was for is never guessed.
    @Test(arguments: [
        (#""inReplyTo": {"id": "https://b.example/1", "type": "Note"}"#, "https://b.example/1"),
        (
            ##""inReplyTo": [1], "tag": [{"name": 5}, "x", {"type": "Hashtag", "name": "#tea"}]"##,
            nil
        ),
        (#""summary": {}, "contentMap": [], "to": [{}, "as:Public"], "cc": null"#, nil),
    ]) func otherShapes(members: String, answers: String?) throws {
        func object(_ members: String, _ to: String = #""to": "as:Public","#) -> [UInt8] {
            Array(
                """
                {"type": "Create", "object": {"type": "Note", "id": "https://m.example/1",
                "published": "2023-05-01T12:00:00Z", "content": "text", \(to)
                \(members)}}
                """.utf8)
        }
        guard case .note(let note) = Outbox.item(object(members)) else {
            Issue.record("\(members) is no post")
            return
        }
        #expect(note.text == "text" && note.answers == answers)
        #expect(note.tags == (members.contains("#tea") ? ["tea"] : []))
        for closed in [#""to": {}"#, #""to": 1, "cc": ["x"]"#, #""to": null"#] {
            let item = Outbox.item(object(closed, ""))
            #expect(item == .notPublic)
        }
    }

    /// A question that is nothing but its options begins with them.
    @Test func aQuestionWithoutText() {
        let question = """
            {"type": "Create", "object": {"type": "Question", "id": "https://m.example/1",
            "published": "2023-05-01T12:00:00Z", "content": "", "to": ["as:Public"],
            "oneOf": [{"name": "a", "replies": {"totalItems": 2}}, {"name": "b", "replies": []}]}}
            """
        guard case .note(let note) = Outbox.item(Array(question.utf8)) else {
            Issue.record("no post")
            return
        }
        #expect(note.text == "- a: 2\n- b")
    }

    /// However the bytes are cut, the same items come out.
    @Test func piecesOfAnyLength() throws {
        let text = Array(Self.outbox(#"{"a": "}]\\\"{"}, {"b": [[], {}]}, 5, {"c": 1}"#).utf8)
        var wanted: [[UInt8]] = []
        for length in [text.count, 1, 2, 3, 7, 64] {
            var splitter = ItemSplitter(member: "orderedItems")
            var items: [[UInt8]] = []
            for start in stride(from: 0, to: text.count, by: length) {
                try splitter.take(text[start..<min(start + length, text.count)]) {
                    item throws(ArchiveError) in items.append(item)
                }
            }
            if wanted.isEmpty { wanted = items }
            #expect(items.count == 3 && items == wanted)
        }
        #expect(wanted.first == Array(#"{"a": "}]\\\"{"}"#.utf8))
    }

    // MARK: Hostile

    @Test(arguments: [
        "../outbox.json", "a/../../x", "/etc/passwd", "a\\..\\b",
    ]) func namesThatLeadOut(name: String) throws {
        let scratch = try Scratch()
        let path = try scratch.pack(
            "tar.gz", [(name, "x"), ("outbox.json", Self.outbox(""))])
        #expect(throws: ArchiveError.self) { try Self.items(.mastodon, path) }
    }

    @Test func whatIsNoArchiveOrAnother() throws {
        let scratch = try Scratch()
        let file = scratch.folder.appending(path: "text").path
        for text in ["", "hello", String(repeating: "PK\u{3}\u{4}", count: 100)] {
            try Data(text.utf8).write(to: URL(filePath: file))
            #expect(throws: ArchiveError.self) { try Self.items(.twitter, file) }
        }
        #expect(throws: ArchiveError.self) { try Self.items(.twitter, file + "-none") }
        let other = try scratch.pack("zip", [("data/tweets.js", Self.tweets)])
        #expect(throws: ArchiveError.self) { try Self.items(.mastodon, other) }
        let bytes = try Data(contentsOf: URL(filePath: other))
        for count in [bytes.count / 3, bytes.count / 2] {
            try bytes.prefix(count).write(to: URL(filePath: file))
            #expect(throws: ArchiveError.self, "\(count)") { try Self.items(.twitter, file) }
        }
    }

    /// Spaces shrink to a thousandth; what unpacks them all would be at work for a long time.
    @Test func bombs() throws {
        let scratch = try Scratch()
        let spaces = String(repeating: " ", count: Int(Limits.Archive.unsuspicious) + 1)
        let path = try scratch.pack("zip", [("data/tweets.js", "x = [" + spaces + "]")])
        #expect(throws: ArchiveError.refused("\(path) unpacks to more than any person has written"))
        {
            try Self.items(.twitter, path)
        }
    }

    @Test func hugeAndDeepJSON() throws {
        let deep = String(repeating: "[", count: Limits.Archive.depth + 1)
        let long = #"{"a": ""# + String(repeating: "x", count: Limits.Archive.item) + #""}"#
        for text in [deep, "[" + deep, "[" + long + "]", "]", "[{}]]}"] {
            var splitter = ItemSplitter()
            let isTail = text == "[{}]]}"
            do {
                try splitter.take(Array(text.utf8)[...]) { _ throws(ArchiveError) in }
                // What stands behind the array is not looked at.
                #expect(isTail, "\(text.prefix(40))")
            } catch {
                #expect(!isTail)
            }
        }
    }

    @Test func dates() {
        #expect(Dates.iso("1970-01-01T00:00:00Z")?.milliseconds == 0)
        #expect(Dates.iso("2000-02-29T23:59:59.123Z")?.milliseconds == 951_868_799_000)
        for text in ["", "2000-02-29 23:59:59Z", "1969-12-31T23:59:59Z", "2000-13-01T00:00:00Z"] {
            #expect(Dates.iso(text) == nil, "\(text)")
        }
        for text in ["", "Wed Foo 25 18:46:13 +0000 2020", "Wed Nov 25 18:46 +0000 2020"] {
            #expect(Dates.twitter(text) == nil, "\(text)")
        }
    }
}
