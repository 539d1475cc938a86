import Foundation
import Testing

@testable import ClientAPI

@Suite struct JSONTests {
    /// Accepted by the suite, and refused here: two readers would take two different values.
    private static let duplicates = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
    ]

    @Test func jsonTestSuite() throws {
        var (accepted, refused, either) = (0, 0, 0)
        for name in SharedVectors.names("JSONTestSuite/test_parsing") {
            guard let bytes = SharedVectors.read("JSONTestSuite/test_parsing/" + name) else {
                continue
            }
            let value = Result { try JSONReader.read(bytes) }
            switch name.prefix(2) {
            case "y_" where Self.duplicates.contains(name):
                guard case .failure(JSONError.duplicateName) = value else {
                    Issue.record("\(name) is accepted")
                    continue
                }
                refused += 1
            case "y_":
                #expect(throws: Never.self, "\(name)") { try value.get() }
                accepted += 1
                // What is written of it reads the same.
                let read = try value.get()
                #expect(try JSONReader.read(read.encoded) == read, "\(name)")
            case "n_":
                #expect(throws: JSONError.self, "\(name)") { try value.get() }
                refused += 1
            default: either += 1
            }
        }
        print("JSONTestSuite: \(accepted) accepted, \(refused) refused, \(either) either")
        if accepted > 0 { #expect((accepted, refused, either) == (93, 190, 35)) }
    }

    @Test(arguments: [
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}",
    ])
    func duplicateNames(_ text: String) {
        #expect(throws: JSONError.duplicateName("a")) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func bounds() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect((try? JSONReader.read(nested(9))) != nil)
        #expect(throws: JSONError.tooLarge) { try JSONReader.read(nested(10)) }
        #expect(throws: JSONError.tooLarge) { try JSONReader.read(nested(100_000)) }
        let many = "[" + String(repeating: "1,", count: 16_383) + "1]"
        #expect(throws: JSONError.tooLarge) { try JSONReader.read(Array(many.utf8)) }
        let most = "[" + String(repeating: "1,", count: 16_382) + "1]"
        #expect((try? JSONReader.read(Array(most.utf8))) != nil)
    }

    @Test func numbers() throws {
        func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }
        #expect(try read("-0") == .integer(0))
        #expect(try read("9223372036854775807") == .integer(.max))
        #expect(try read("-9223372036854775808") == .integer(.min))
        #expect(try read("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try read("1.5e3") == .number(1_500))
        #expect(throws: JSONError.outOfRange) { try read("1e400") }
        #expect(throws: JSONError.outOfRange) { try read("-1e400") }
    }

    @Test func everyTruncationIsRefused() {
        let text = Array("{\"a\":[1.5e+3,true,null,\"\\u00e9\\ud83d\\ude00\"],\"b\":{}}".utf8)
        #expect((try? JSONReader.read(text)) != nil)
        for count in 0..<text.count {
            #expect((try? JSONReader.read(Array(text[..<count]))) == nil, "\(count)")
        }
    }

    @Test func everyByteInAString() throws {
        // Whatever a string holds, it is written so that it reads back, and closes no script.
        for code in UInt32(0)...0x3000 {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let value = JSONValue.string("a\(Character(scalar))b")
            let bytes = value.encoded
            #expect(try JSONReader.read(bytes) == value)
            #expect(!bytes.contains { $0 < 0x20 || "<>&\u{7f}".utf8.contains($0) })
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.unicodeScalars.contains { $0 == "\u{2028}" || $0 == "\u{2029}" })
        }
    }

    @Test func writing() {
        let value: JSONValue = [
            "b": 1, "a": [true, nil, 1.5, "</script>"], "é": ["\"\\\n": -3],
        ]
        #expect(
            String(decoding: value.encoded, as: UTF8.self)
                == "{\"b\":1,\"a\":[true,null,1.5,\"\\u003c/script\\u003e\"],\"é\":{\"\\\"\\\\\\n\":-3}}"
        )
        #expect(JSONValue.number(.infinity).encoded == Array("null".utf8))
        #expect(value["a"] == [true, nil, 1.5, "</script>"])
        #expect(value["x"] == nil)
    }

    /// Another reader agrees on what we write.
    @Test func foundationReadsTheSame() throws {
        guard let file = SharedVectors.read("naughty-strings/blns.json") else { return }
        let strings = try JSONDecoder().decode([String].self, from: Data(file))
        let ours = try JSONReader.read(file)
        #expect(ours == .array(strings.map { .string($0) }))
        let again = try JSONDecoder().decode([String].self, from: Data(ours.encoded))
        #expect(again.map { Array($0.utf8) } == strings.map { Array($0.utf8) })
        print("Naughty strings through JSON: \(strings.count)")
    }
}
