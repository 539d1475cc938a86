import Crypto
import Foundation
import Wire

/// Vectors that others published, in the folder beside the project; absent on most machines.
enum SharedVectors {
    /// The decoded file, or nil, said aloud, when it is not there.
    static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appending(path: "shared/vectors/" + path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            print("SKIPPED: no vectors at \(file.path)")
            return nil
        }
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

/// Bytes written in hexadecimal in a vector.
struct HexBytes: Decodable, Equatable {
    var bytes: [UInt8]

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let bytes = Hex.decode(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not hex: \(text)"))
        }
        self.bytes = bytes
    }
}

/// Bytes written in hexadecimal in a test.
func hex(_ text: String) -> [UInt8] {
    guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }) else {
        preconditionFailure("not hex: \(text)")
    }
    return bytes
}

/// A secret's bytes, where a test may compare and print them.
func exposed(_ secret: borrowing SecretBytes) -> [UInt8] {
    unsafe secret.withUnsafeBytes { unsafe Array($0) }
}
