import Foundation
import Testing
import Wire

@Suite struct UTF8Tests {
    @Test func textIsRefusedUnlessUTF8() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "shared/vectors/utf8/utf8tests.bin")
        guard let data = try? Data(contentsOf: file) else {
            print("SKIPPED: no vectors at \(file.path)")
            return
        }
        var counts = ["valid": 0, "invalid": 0]
        for line in [UInt8](data).split(separator: 0x0a) {
            let parts = line.split(separator: 0x3a, maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, line.first != 0x23 else { continue }
            let kind = String(decoding: parts[1], as: UTF8.self)
            let bytes = Array(parts[2])
            var encoder = CBOREncoder()
            encoder.head(3, UInt64(bytes.count))
            let text = encoder.bytes + bytes
            var decoder = CBORDecoder(text)
            let name = String(decoding: parts[0], as: UTF8.self)
            if kind == "valid" {
                #expect(try CBORValue(decoding: text).encoded == text, "\(name)")
                #expect(try Array(decoder.text(max: 1000).utf8) == bytes, "\(name)")
            } else {
                #expect(throws: WireError.invalidUTF8, "\(name)") {
                    try CBORValue(decoding: text)
                }
                #expect(throws: WireError.invalidUTF8, "\(name)") {
                    try decoder.text(max: 1000)
                }
            }
            counts[kind, default: 0] += 1
        }
        print("UTF-8: \(counts)")
        #expect(counts == ["valid": 77, "invalid": 145])
    }
}
