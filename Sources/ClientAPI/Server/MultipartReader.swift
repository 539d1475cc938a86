import Primitives

/// A file that a form brought: a part of the request's body, which stays where it is. It is there
/// as long as somebody holds it.
package struct UploadedFile: Sendable {
    /// The last part of the name that the client gave it; never a path.
    package var fileName: String
    /// The type that the client gave it: a claim.
    package var contentType: String
    package var count: Int
    let body: HTTPBody
    let offset: Int

    /// Up to `count` bytes from `offset` on; fewer only at the end.
    package func read(_ offset: Int, _ count: Int) throws(HTTPFailure) -> [UInt8] {
        let start = min(max(offset, 0), self.count)
        return try body.read(self.offset + start, min(max(count, 0), self.count - start))
    }
}

/// `multipart/form-data` (RFC 7578).
///
/// The body is looked through in windows for the boundary; files are not copied.
struct MultipartReader {
    private let body: HTTPBody
    /// CR LF, two hyphens and the boundary.
    private let delimiter: [UInt8]
    private var builder = ParameterBuilder()
    /// Bytes of all texts: they are in memory beside the body.
    private var textBytes = 0

    static func read(_ body: HTTPBody, boundary: String?) throws(HTTPFailure) -> Parameters {
        guard let boundary, (1...Limits.HTTP.boundary).contains(boundary.utf8.count) else {
            throw HTTPFailure(400, "The form has no boundary")
        }
        var reader = MultipartReader(body, boundary)
        try reader.readParts()
        return reader.builder.parameters
    }

    private init(_ body: HTTPBody, _ boundary: String) {
        self.body = body
        delimiter = Array("\r\n--".utf8) + boundary.utf8
    }

    private static let truncated = HTTPFailure(400, "The form ends too early")

    private mutating func readParts() throws(HTTPFailure) {
        // The first boundary may stand at the start, without a line before it.
        let opening = delimiter.dropFirst(2)
        var at: Int
        if try body.read(0, opening.count) == Array(opening) {
            at = opening.count
        } else {
            guard let found = try find(delimiter, from: 0) else { throw Self.truncated }
            at = found + delimiter.count
        }
        for _ in 0...Limits.HTTP.parts {
            let mark = try body.read(at, 2)
            if mark == Array("--".utf8) { return }
            guard mark == Array("\r\n".utf8) else { throw Self.truncated }
            // The head ends with an empty line, which may come at once.
            let head = try body.read(at, Limits.HTTP.partHead)
            guard let length = Self.position(Array("\r\n\r\n".utf8), in: head) else {
                throw HTTPFailure(400, "A part of the form has no end of its head")
            }
            let start = at + length + 4
            guard let end = try find(delimiter, from: start) else { throw Self.truncated }
            try add(Array(head[..<length].dropFirst(2)), start..<end)
            at = end + delimiter.count
        }
        throw HTTPFailure(400, "The form has too many parts")
    }

    private mutating func add(_ head: [UInt8], _ range: Range<Int>) throws(HTTPFailure) {
        guard let text = String(validating: head, as: UTF8.self) else {
            throw HTTPFailure(400, "A part of the form has a head that is no UTF-8")
        }
        var fields = HTTPHeaders()
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let line = Array(line)
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = line[(colon + 1)...].filter { $0 != UInt8(ascii: "\r") }
            fields.add(
                String(decoding: line[..<colon], as: UTF8.self),
                String(decoding: trimmed(value[...]), as: UTF8.self))
        }
        let (kind, parameters) = FieldParameters.read(fields["Content-Disposition"] ?? "")
        guard HTTPHeaders.same(kind, "form-data"), let name = parameters["name"] else {
            throw HTTPFailure(400, "A part of the form has no name")
        }
        if let fileName = Self.fileName(parameters) {
            let file = UploadedFile(
                fileName: fileName, contentType: fields["Content-Type"] ?? "",
                count: range.count, body: body, offset: range.lowerBound)
            try builder.add(name, .file(file))
            return
        }
        textBytes += range.count
        guard textBytes <= Limits.HTTP.body else { throw HTTPFailure(413, "The form is too long") }
        let bytes = try body.read(range.lowerBound, range.count)
        guard let value = String(validating: bytes, as: UTF8.self) else {
            throw HTTPFailure(400, "A part of the form is no UTF-8")
        }
        try builder.add(name, .text(value))
    }

    /// Nil for a part that is no file. `filename*` is for names that are not ASCII (RFC 8187): some
    /// libraries write it, though RFC 7578 does not want it.
    private static func fileName(_ parameters: HTTPHeaders) -> String? {
        var name = parameters["filename"]
        if let extended = parameters["filename*"] {
            let parts = Array(extended.utf8).split(
                separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, let bytes = percentDecoded(parts[2], plusIsSpace: false),
                let text = String(validating: bytes, as: UTF8.self)
            {
                name = text
            }
        }
        guard let name else { return nil }
        let last = name.split { $0 == "/" || $0 == "\\" }.last ?? ""
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in last.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7f {
            count += UTF8.width(scalar)
            guard count <= Limits.HTTP.fileName else { break }
            scalars.append(scalar)
        }
        let text = String(scalars)
        return text == "." || text == ".." ? "" : text
    }

    // MARK: Searching

    /// Where `pattern` begins in the body, at `start` or behind it.
    private func find(_ pattern: [UInt8], from start: Int) throws(HTTPFailure) -> Int? {
        var at = start
        while at < body.count {
            let window = try body.read(at, Limits.HTTP.window)
            if let found = Self.position(pattern, in: window) { return at + found }
            guard at + window.count < body.count, window.count > pattern.count else { return nil }
            // The pattern may lie across the end of the window.
            at += window.count - pattern.count + 1
        }
        return nil
    }

    static func position(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
        var at = 0
        let last = bytes.count - pattern.count
        while at <= last {
            if bytes[at] == first, bytes[at..<(at + pattern.count)] == pattern[...] { return at }
            at += 1
        }
        return nil
    }
}
