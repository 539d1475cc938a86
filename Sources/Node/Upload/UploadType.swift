import CMagic
import Synchronization

/// What may be uploaded: kinds of files that browsers show, and whose metadata can be taken out.
enum UploadType: String, CaseIterable, Sendable {
    case jpeg = "image/jpeg"
    case png = "image/png"
    case webp = "image/webp"
    case gif = "image/gif"
    case mp4 = "video/mp4"
    case quickTime = "video/quicktime"
    case webm = "video/webm"
    case mp3 = "audio/mpeg"
    case ogg = "audio/ogg"
    case flac = "audio/flac"
    case wav = "audio/wav"

    /// Which program takes out what does not belong to others, and under which names it knows the
    /// kind: as input, and as output.
    enum Preparation: Sendable {
        case picture
        case animation
        case stream(input: String, output: String)
    }

    var preparation: Preparation {
        switch self {
        case .jpeg, .png, .webp: .picture
        case .gif: .animation
        case .mp4: .stream(input: "mov", output: "mp4")
        case .quickTime: .stream(input: "mov", output: "mov")
        case .webm: .stream(input: "matroska", output: "webm")
        case .mp3: .stream(input: "mp3", output: "mp3")
        case .ogg: .stream(input: "ogg", output: "ogg")
        case .flac: .stream(input: "flac", output: "flac")
        case .wav: .stream(input: "wav", output: "wav")
        }
    }

    var isStream: Bool {
        if case .stream = preparation { true } else { false }
    }

    /// In words for people.
    static let list = "JPEG, PNG, WebP, GIF, MP4, MOV, WebM, MP3, Ogg, FLAC and WAV"

    /// The kind of a file by its first bytes; the media type that libmagic finds when it is none
    /// that may be uploaded.
    static func find(_ beginning: [UInt8]) throws(UploadError) -> UploadType {
        let name = try Magic.mediaType(of: beginning)
        switch name {
        case "audio/x-wav", "audio/vnd.wave": return .wav
        case "audio/x-flac": return .flac
        case "audio/mp3", "audio/mpegapplication/octet-stream": return .mp3
        case "video/x-m4v": return .mp4
        default: break
        }
        guard let found = UploadType(rawValue: name) else { throw .kind(name) }
        return found
    }
}

/// libmagic: the library behind `file`, which knows files by their content.
///
/// It reads bytes of strangers in this process, so it is given the first of them only and nothing
/// but its table of patterns: its readers of archives, documents and programs are off.
private enum Magic {
    /// One table for all threads, since it is 7 MB; used by one at a time.
    private static let table = Mutex(Table())

    @safe private struct Table: ~Copyable {
        nonisolated(unsafe) var cookie: OpaquePointer?

        init() {
            let flags =
                MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR
                | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TEXT
                | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_TOKENS
                | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_JSON
            unsafe cookie = magic_open(flags)
            if let opened = unsafe cookie, unsafe magic_load(opened, nil) != 0 {
                unsafe magic_close(opened)
                unsafe cookie = nil
            }
        }

        deinit { if let opened = unsafe cookie { unsafe magic_close(opened) } }
    }

    static func mediaType(of bytes: [UInt8]) throws(UploadError) -> String {
        let found = table.withLock { table -> String? in
            guard let cookie = unsafe table.cookie else { return nil }
            return unsafe bytes.withUnsafeBytes { buffer in
                unsafe magic_buffer(cookie, buffer.baseAddress, buffer.count).map {
                    unsafe String(cString: $0)
                }
            }
        }
        guard let found else {
            throw .lacking("libmagic's table of file types: apt-get install libmagic-mgc")
        }
        return found
    }
}
