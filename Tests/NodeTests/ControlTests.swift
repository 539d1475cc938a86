import Primitives
import Testing
import Wire

@testable import Node

/// What the command line and the node say to each other, however it is cut.
struct ControlTests {
    @Test func framesComeBackHoweverTheyAreCut() {
        let requests = (0..<20).map {
            Control.Request(
                id: UInt64($0), operation: "op\($0)",
                parameters: .object(("text", .string(String(repeating: "x", count: $0 * 37)))))
        }
        let stream = requests.flatMap(\.frame)
        var random = SeededRandom(seed: 5)
        for _ in 0..<50 {
            var reader = Control.Reader()
            var found: [String] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int(random.next() % 300) + 1)
                reader.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
                while let frame = reader.next() {
                    found.append(Control.Request(frame)?.operation ?? "?")
                }
            }
            #expect(found == requests.map(\.operation))
        }
    }

    @Test func hostileLengthsEndIt() {
        for length in [Control.frameLimit + 1, 1 << 31, (1 << 32) - 1] {
            var reader = Control.Reader()
            reader.append((0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) })
            #expect(reader.next() == nil)
            #expect(reader.isOverLimit)
        }
    }

    @Test func junkIsNoRequest() {
        var random = SeededRandom(seed: 6)
        for _ in 0..<20_000 {
            let bytes = random.bytes(Int(random.next() % 40))
            _ = Control.Request(bytes)
            _ = Control.Reply.read(bytes)
        }
        let good = Array(
            Control.Request(id: 1, operation: "a", parameters: .null).frame.dropFirst(4))
        #expect(Control.Request(good) != nil)
        for count in 0..<good.count { #expect(Control.Request(Array(good.prefix(count))) == nil) }
    }

    @Test func errorsKeepTheirKind() {
        let errors: [NodeError] = [
            .network("a"), .store("b"), .keyFile("c"), .badRequest("d"), .notFound("e"),
            .refused("f"), .damaged("g"), .control("h"),
        ]
        for error in errors {
            let frame = Array(Control.Reply.failed(error).frame(id: 7).dropFirst(4))
            guard case .failed(let read)? = Control.Reply.read(frame)?.reply else {
                Issue.record("no error came back")
                continue
            }
            #expect(read == error)
        }
    }

    @Test func wordsAreFoundInTheirFile() {
        let words = (1...24).map { "word" + String(repeating: "x", count: $0) }
        let numbered = words.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "   ")
        let file =
            "Recovery words of Ada 2. Keep them.\nWhoever has them is you.\n\n" + numbered + "\n"
        #expect(Node.words(inFile: file) == words.joined(separator: " "))
        #expect(Node.words(inFile: words.joined(separator: "\n")) == words.joined(separator: " "))
    }
}
