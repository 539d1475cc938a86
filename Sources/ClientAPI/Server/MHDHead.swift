import CMicroHTTPD
import Glibc

/// Reads the head of a request out of the library, and whether it stood so on the wire.
///
/// The library mends what it reads: it takes bare line feeds, skips spaces, cuts at NUL, and joins
/// folded lines (under a wrong name). It says nothing of that; but it parses in place, so that
/// names and values lie in memory as they came. In a head that was sent as HTTP says, each part
/// begins exactly where the one before and its one separator end. (Read in 0.9.75. A version
/// that keeps its fields elsewhere would have every request refused, which tests notice.)
enum MHDHead {
    fileprivate struct Reader {
        var fields: [RequestHead.Field] = []
        /// Where the next field's name must begin.
        var next: UInt
        var isAsSent: Bool
        var last: UInt?
    }

    static func read(
        _ connection: OpaquePointer, _ method: UnsafePointer<CChar>?,
        _ version: UnsafePointer<CChar>?, _ exchange: Exchange
    ) -> RequestHead {
        let methodText = unsafe text(method)
        let versionText = unsafe text(version)
        let (methodAt, versionAt) = (UInt(bitPattern: method), UInt(bitPattern: version))
        var reader = Reader(
            next: versionAt &+ UInt(versionText.utf8.count) &+ 2,
            isAsSent: methodAt &+ UInt(methodText.utf8.count) &+ 1 == exchange.place
                && exchange.place &+ UInt(exchange.target.count) &+ 1 == versionAt)
        unsafe withUnsafeMutablePointer(to: &reader) { pointer in
            _ = unsafe MHD_get_connection_values_n(
                connection, starling_http_fields, mhdField, pointer)
        }
        // Behind the last value: the end of its line, and the empty line.
        let end = methodAt &+ UInt(unsafe starling_http_head_size(connection))
        reader.isAsSent = reader.isAsSent && reader.last.map { $0 &+ 4 == end } ?? true
        return RequestHead(
            method: methodText, target: exchange.target, version: versionText,
            fields: reader.fields, isAsSent: reader.isAsSent)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }

    /// Takes one field; false ends the walk.
    fileprivate static func take(
        _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ nameSize: Int,
        _ value: UnsafePointer<CChar>?, _ valueSize: Int
    ) -> Bool {
        guard let context = unsafe context else { return false }
        let reader = unsafe context.assumingMemoryBound(to: Reader.self)
        guard let name = unsafe name, let value = unsafe value else {
            unsafe reader.pointee.isAsSent = false
            return false
        }
        let nameBytes = unsafe Array(UnsafeRawBufferPointer(start: name, count: nameSize))
        let valueBytes = unsafe Array(UnsafeRawBufferPointer(start: value, count: valueSize))
        unsafe reader.pointee.fields.append(RequestHead.Field(nameBytes, valueBytes))
        let (nameAt, valueAt) = (UInt(bitPattern: name), UInt(bitPattern: value))
        let colon = nameAt &+ UInt(nameSize)
        let end = valueAt &+ UInt(valueSize)
        var isAsSent = unsafe reader.pointee.isAsSent && nameAt == reader.pointee.next
        // Between the colon and the value: spaces, of no great number.
        isAsSent = isAsSent && valueAt > colon && valueAt - colon <= 1_024
        if isAsSent {
            unsafe reader.pointee.last = end
            unsafe reader.pointee.next = end &+ 2
        }
        unsafe reader.pointee.isAsSent = isAsSent
        return isAsSent
    }
}

private func mhdField(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?,
    _ nameSize: Int, _ value: UnsafePointer<CChar>?, _ valueSize: Int
) -> MHD_Result {
    unsafe MHDHead.take(context, name, nameSize, value, valueSize)
        ? starling_http_yes : starling_http_no
}
