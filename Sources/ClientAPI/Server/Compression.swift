import CZlib
import Primitives

/// Texts go as gzip to clients that read it (RFC 9110 §8.4): a timeline is mostly the same words.
///
/// Only answers to GET: no token is ever beside what a stranger chose, so lengths betray none.
enum Compression {
    private static let types = [
        "application/json", "application/manifest+json", "image/svg+xml", "text/",
    ]

    static func applied(_ response: HTTPResponse, to request: HTTPRequest) -> HTTPResponse {
        guard request.method == .get, response.status == 200,
            case .bytes(let bytes) = response.body,
            let type = response.headers["Content-Type"], types.contains(where: type.hasPrefix),
            bytes.count >= Limits.HTTP.compressed, response.headers["Content-Encoding"] == nil
        else { return response }
        var response = response
        response.headers.add("Vary", "Accept-Encoding")
        guard isWanted(request.headers["Accept-Encoding"]), let packed = gzip(bytes) else {
            return response
        }
        response.body = .bytes(packed)
        response.headers["Content-Encoding"] = "gzip"
        // The same text in other bytes: a weak tag says so (RFC 9110 §8.8.1).
        if let tag = response.headers["ETag"], !tag.hasPrefix("W/") {
            response.headers["ETag"] = "W/" + tag
        }
        return response
    }

    /// Whether a client takes gzip: `gzip, br` does, `gzip;q=0` does not.
    static func isWanted(_ field: String?) -> Bool {
        for part in (field ?? "").lowercased().split(separator: ",") {
            let words = part.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            guard words.first == "gzip" || words.first == "*" else { continue }
            let refusals = ["q=0", "q=0.0", "q=0.00", "q=0.000"]
            return !words.dropFirst().contains { refusals.contains($0) }
        }
        return false
    }

    /// Nil where that would be no shorter.
    private static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        let packed = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
            count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe starling_gzip(bytes.baseAddress, bytes.count, room.baseAddress, room.count)
            }
        }
        return packed.isEmpty ? nil : packed
    }
}
