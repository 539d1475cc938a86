import CLinux
package import Content
import Glibc
import Primitives
import Store

/// A file that was added: what an attachment says of it.
package struct UploadFacts: Hashable, Sendable {
    package var blob: Blob
    package var mediaType: String
    /// In pixels, as it is shown: turned by its orientation.
    package var dimensions: Attachment.Dimensions?
    /// Milliseconds.
    package var duration: UInt64?

    package func attachment(
        alternative: String? = nil, blurhash: String? = nil, focus: Attachment.Focus? = nil
    ) throws(ContentError) -> Attachment {
        try Attachment(
            blob: blob, mediaType: mediaType, alternative: alternative, dimensions: dimensions,
            duration: duration, blurhash: blurhash, focus: focus)
    }
}

extension Media {
    /// Takes a file that a client uploaded: finds what it is, takes out what tells where and with
    /// what it was made, and puts it here as the owner's own. May take seconds: not on the loop's
    /// thread. `descriptor` is read from its beginning, and stays open.
    package func add(_ descriptor: Int32) throws(UploadError) -> UploadFacts {
        var preparation = try UploadPreparation(descriptor, in: files.directory)
        defer { preparation.remove() }
        try preparation.run()
        let prepared = unsafe Glibc.open(preparation.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard prepared >= 0 else { throw .store("the prepared file is not there") }
        defer { _ = close(prepared) }
        do throws(StoreError) {
            let blob = try files.add(copying: prepared)
            submit(.added(blob))
            return UploadFacts(
                blob: blob, mediaType: preparation.type.rawValue,
                dimensions: preparation.dimensions, duration: preparation.duration)
        } catch { throw .store("\(error)") }
    }
}

/// A copy of an upload on its way to be a blob.
///
/// Pictures go through exiv2, which knows where their metadata lie and writes the rest as it was;
/// films and sounds through ffmpeg, which copies their streams and nothing else into a new file.
/// Both are programs of Debian that run as processes of their own, so that a file made to break
/// them breaks nothing here, and neither is linked. *Measured* on Debian 12: exiv2 takes 8 MB with
/// its library; ffmpeg some 90 packages, so it is needed only by those who upload films or sounds;
/// libvips would be 148, libavformat 48.
struct UploadPreparation {
    let type: UploadType
    private(set) var path: String
    private(set) var dimensions: Attachment.Dimensions?
    private(set) var duration: UInt64?
    private let size: UInt64

    init(_ descriptor: Int32, in directory: String) throws(UploadError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .store("it cannot be read") }
        size = UInt64(clamping: status.st_size)
        if size == 0 { throw .empty }
        if size > ContentLimits.blob.upperBound { throw .tooLarge }
        let type = try UploadType.find(try Self.read(descriptor, 0, min(Int(size), 64 << 10)))
        if !type.isStream && size > Limits.Blobs.picture { throw .tooLarge }
        self.type = type
        // Removed at the next start, should this process end before it is.
        let letters = String(repeating: "X", count: 6)
        var name = Array("\(directory)/new-upload-\(letters)".utf8CString)
        let copy = unsafe mkstemp(&name)
        guard copy >= 0 else { throw .store("no file can be made") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = close(copy) }
        do throws(UploadError) { try Self.copy(descriptor, to: copy, size) } catch {
            remove()
            throw error
        }
    }

    func remove() {
        _ = unsafe unlink(path)
        _ = unsafe unlink(path + "-out")
    }

    mutating func run() throws(UploadError) {
        switch type.preparation {
        case .picture:
            try preparePicture()
            try trim()
        case .animation: try trim()
        case .stream(let input, let output): try prepareStream(input, output)
        }
    }

    // MARK: Files

    private static func read(
        _ descriptor: Int32, _ offset: Int, _ count: Int
    ) throws(UploadError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(
                    descriptor, $0.baseAddress.map { unsafe $0 + done }, count - done,
                    off_t(offset + done))
            }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { throw .store("it cannot be read") }
            done += got
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(UploadError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    descriptor, $0.baseAddress.map { unsafe $0 + done }, bytes.count - done)
            }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw .store("the disk is full, or failed") }
            done += put
        }
    }

    private static func copy(
        _ from: Int32, to: Int32, _ size: UInt64
    ) throws(UploadError) {
        var offset = 0
        while offset < Int(size) {
            let bytes = try read(from, offset, min(1 << 20, Int(size) - offset))
            try write(bytes, to: to)
            offset += bytes.count
        }
    }

    // MARK: Pictures

    /// What the orientation is, all metadata but the colour profile out, the orientation in again.
    private mutating func preparePicture() throws(UploadError) {
        let found = try exiv2(["-K", "Exif.Image.Orientation", "-Pv", "print", path])
        let orientation = Int(found.text.prefix { !$0.isWhitespace }) ?? 1
        guard try exiv2(["-d", "eixc", "rm", path]).code == 0 else {
            throw .damaged("its metadata cannot be taken out")
        }
        if (2...8).contains(orientation) {
            let set = "set Exif.Image.Orientation Short \(orientation)"
            guard try exiv2(["-M", set, "modify", path]).code == 0 else {
                throw .damaged("its orientation cannot be kept")
            }
        }
        let summary = try exiv2(["print", path]).text
        guard
            let line = summary.split(separator: "\n").first(where: { $0.hasPrefix("Image size") }),
            let pair = line.split(separator: ":").last?.split(separator: " "), pair.count == 3,
            let width = UInt64(pair[0]), let height = UInt64(pair[2])
        else { throw .damaged("it has no size") }
        try measure(width, height, isTurned: orientation >= 5 && orientation <= 8)
    }

    private func exiv2(_ words: [String]) throws(UploadError) -> ChildProgram.Outcome {
        guard let program = ChildProgram.find("exiv2"),
            let outcome = ChildProgram.run(program, words, largestFile: size + (1 << 20))
        else { throw .lacking("exiv2, which takes places out of pictures: apt-get install exiv2") }
        return outcome
    }

    private mutating func measure(
        _ width: UInt64, _ height: UInt64, isTurned: Bool
    ) throws(UploadError) {
        do throws(ContentError) {
            dimensions = try Attachment.Dimensions(
                width: isTurned ? height : width, height: isTurned ? width : height)
        } catch { throw .damaged("a picture of \(width) times \(height) pixels") }
    }

    private mutating func trim() throws(UploadError) {
        let file = unsafe Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .store("it cannot be read") }
        defer { _ = close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_size > 0 else {
            throw .damaged("nothing is left of it")
        }
        let bytes = try Self.read(file, 0, Int(status.st_size))
        guard let kept = PictureTrim.trimmed(bytes, type) else {
            throw .damaged("it does not end as it should")
        }
        guard ftruncate(file, 0) == 0 else { throw .store("it cannot be written") }
        try Self.write(kept, to: file)
        if type == .gif, let (width, height) = PictureTrim.gifSize(kept) {
            try measure(UInt64(width), UInt64(height), isTurned: false)
        }
    }

    // MARK: Films and sounds

    private mutating func prepareStream(_ input: String, _ output: String) throws(UploadError) {
        let out = path + "-out"
        // Only this file is opened, and only read as what it is: no playlists, no addresses.
        let source = ["-protocol_whitelist", "file", "-f", input, "-i", path]
        let streams =
            dimensionsBelong
            ? ["-map", "0:v:0", "-map", "0:a:0?"] : ["-map", "0:a:0"]
        let nothingElse = [
            "-map_metadata", "-1", "-map_metadata:s:v", "-1", "-map_metadata:s:a", "-1",
            "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
            "-flags:a", "+bitexact",
        ]
        let words =
            ["-nostdin", "-v", "error", "-y"] + source + streams + nothingElse
            + ["-c", "copy", "-movflags", "+faststart", "-f", output, out]
        guard try ffmpeg("ffmpeg", words).code == 0 else {
            throw .damaged("its streams cannot be copied")
        }
        guard unsafe rename(out, path) == 0 else { throw .store("it cannot be renamed") }
        try probe(input)
    }

    private var dimensionsBelong: Bool { type.rawValue.hasPrefix("video/") }

    private mutating func probe(_ input: String) throws(UploadError) {
        let outcome = try ffmpeg(
            "ffprobe",
            [
                "-v", "error", "-protocol_whitelist", "file", "-f", input, "-show_entries",
                "stream=width,height:stream_side_data=rotation:format=duration", "-of",
                "default=nw=1", path,
            ])
        var facts: [Substring: Substring] = [:]
        for line in outcome.text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2, facts[pair[0]] == nil { facts[pair[0]] = pair[1] }
        }
        if let seconds = facts["duration"].flatMap({ Double($0) }), seconds.isFinite, seconds > 0,
            seconds < 4_000_000
        {
            duration = max(1, UInt64(seconds * 1_000))
        }
        guard dimensionsBelong else { return }
        guard let width = facts["width"].flatMap({ UInt64($0) }),
            let height = facts["height"].flatMap({ UInt64($0) })
        else { throw .damaged("it has no size") }
        let turn = facts["rotation"].flatMap { Int($0) } ?? 0
        try measure(width, height, isTurned: turn % 180 != 0)
    }

    private func ffmpeg(
        _ name: String, _ words: [String]
    ) throws(UploadError) -> ChildProgram.Outcome {
        guard let program = ChildProgram.find(name),
            let outcome = ChildProgram.run(
                program, words, largestFile: ContentLimits.blob.upperBound)
        else {
            throw .lacking("ffmpeg, which takes places out of films: apt-get install ffmpeg")
        }
        return outcome
    }
}
