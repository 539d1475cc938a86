import Primitives

/// `application/x-www-form-urlencoded`, which queries are written in as well.
enum FormReader {
    static func read(_ text: [UInt8], into builder: inout ParameterBuilder) throws(HTTPFailure) {
        for pair in text.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try decode(pair[..<equals])
            let value = try decode(pair[equals...].dropFirst())
            try builder.add(name, .text(value))
        }
    }

    private static func decode(_ text: ArraySlice<UInt8>) throws(HTTPFailure) -> String {
        guard let bytes = percentDecoded(text, plusIsSpace: true),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw HTTPFailure(400, "The form has a broken escape") }
        return text
    }
}

extension HTTPRequest {
    /// What query and body say; where both say the same name, the body counts.
    package func parameters() throws(HTTPFailure) -> Parameters {
        var builder = ParameterBuilder()
        try FormReader.read(Array(query.utf8), into: &builder)
        return try builder.parameters.overridden(by: bodyParameters())
    }

    /// A body of another type says nothing: it may be a file for a route that takes it as it is.
    private func bodyParameters() throws(HTTPFailure) -> Parameters {
        guard body.count > 0 else { return Parameters() }
        let type = MediaType(headers["Content-Type"] ?? "")
        switch type.name {
        case "application/json":
            return Parameters(try json())
        case "application/x-www-form-urlencoded":
            var builder = ParameterBuilder()
            try FormReader.read(try smallBody(), into: &builder)
            return builder.parameters
        case "multipart/form-data":
            return try MultipartReader.read(body, boundary: type["boundary"])
        default:
            return Parameters()
        }
    }

    /// The body as JSON.
    package func json() throws(HTTPFailure) -> JSONValue {
        let bytes = try smallBody()
        do throws(JSONError) {
            return try JSONReader.read(bytes)
        } catch {
            switch error {
            case .malformed: throw HTTPFailure(400, "The body is no JSON")
            case .duplicateName: throw HTTPFailure(400, "The body's JSON has one name twice")
            case .outOfRange: throw HTTPFailure(400, "The body's JSON has too large a number")
            case .tooLarge: throw HTTPFailure(400, "The body's JSON is too large or too deep")
            }
        }
    }

    /// An upload's file is not read into memory where a form is expected.
    private func smallBody() throws(HTTPFailure) -> [UInt8] {
        guard body.count <= Limits.HTTP.body else { throw HTTPFailure(413, "The body is too long") }
        return try body.read(0, body.count)
    }
}

/// A media type with its parameters (RFC 9110 §8.3.1), in small letters but for their values.
struct MediaType {
    let name: String
    private let parameters: HTTPHeaders

    init(_ text: String) {
        let (first, rest) = FieldParameters.read(text)
        name = String(decoding: first.utf8.map(lower), as: UTF8.self)
        parameters = rest
    }

    subscript(name: String) -> String? { parameters[name] }
}

/// `form-data; name="a"; filename="b"`: what stands before the first semicolon, and the rest.
enum FieldParameters {
    static func read(_ text: String) -> (String, HTTPHeaders) {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: ";"), !isQuoted {
                parts.append([])
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && !isEscaped && byte == UInt8(ascii: "\\")
            parts[parts.count - 1].append(byte)
        }
        var parameters = HTTPHeaders()
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: trimmed(part[..<equals]), as: UTF8.self)
            guard parameters[name] == nil else { continue }
            parameters.add(
                name,
                String(decoding: unquoted(trimmed(part[(equals + 1)...])), as: UTF8.self))
        }
        return (String(decoding: trimmed(parts[0][...]), as: UTF8.self), parameters)
    }

    /// Only quotes and backslashes are escaped by a backslash: browsers write Windows paths.
    private static func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"")
        else { return Array(text) }
        var out: [UInt8] = []
        var escaped = false
        for byte in text.dropFirst().dropLast() {
            if escaped {
                if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    out.append(UInt8(ascii: "\\"))
                }
                out.append(byte)
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else {
                out.append(byte)
            }
        }
        return out
    }
}
