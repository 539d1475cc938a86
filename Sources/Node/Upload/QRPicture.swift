import Primitives
import Store
import Synchronization

/// Reading a QR code off a picture, by ZXing's own program (Debian: zxing-cpp-tools).
///
/// A process of its own, like all that decodes what somebody photographed. The picture comes as
/// plain grey values, which a browser makes of any format: the program decodes none.
package enum QRPicture {
    /// One at a time: each takes a thread that answers everybody.
    private static let isBusy = Mutex(false)

    /// The text of the code in a picture of `width` times `height` bytes of grey, row by row; nil
    /// when there is none in it. A file in `directory` has the picture meanwhile.
    package static func text(
        of grey: [UInt8], width: Int, height: Int, in directory: String
    ) throws(NodeError) -> String? {
        guard width >= Limits.Setup.pictureSide, height >= Limits.Setup.pictureSide,
            grey.count <= Limits.Setup.picture,
            width.multipliedReportingOverflow(by: height) == (grey.count, false)
        else { throw .badRequest("the picture is not width times height bytes of grey") }
        guard let program = ChildProgram.find("ZXingReader") else {
            throw .notFound(
                "this node has no program that reads QR codes: install zxing-cpp-tools, or paste "
                    + "the invite as text")
        }
        let isFree = isBusy.withLock { busy in
            defer { busy = true }
            return !busy
        }
        guard isFree else { throw .refused("another picture is being read: try again") }
        defer { isBusy.withLock { $0 = false } }
        let path = directory + "/qr.pgm"
        let head = Array("P5\n\(width) \(height)\n255\n".utf8)
        do throws(StoreError) {
            // An invite has a secret in it. What a crash left goes, too.
            try SecretFile.remove(path)
            try SecretFile.create(path, contents: head + grey)
        } catch { throw .store("\(error)") }
        defer { try? SecretFile.remove(path) }
        let words = ["-format", "QRCode", "-bytes", path]
        guard let outcome = ChildProgram.run(program, words, largestFile: 0),
            outcome.code == 0, outcome.output.count <= Limits.Setup.codeText
        else { throw .badRequest("the picture could not be read") }
        guard !outcome.output.isEmpty else { return nil }
        guard let text = String(validating: outcome.output, as: UTF8.self) else {
            throw .badRequest("the code in the picture is no text")
        }
        return text
    }
}
