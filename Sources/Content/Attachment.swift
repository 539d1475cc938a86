package import MerkleLog
import Primitives
import Wire

/// Bytes that lie elsewhere, by their hash: a picture, a sound, a film.
package struct Blob: Hashable, Sendable {
    /// Root of the Merkle tree over chunks of 64 KiB.
    package let root: Hash
    package let size: UInt64

    package init(root: Hash, size: UInt64) throws(ContentError) {
        try Checks.number(size, ContentLimits.blob, "the size of a file")
        self.root = root
        self.size = size
    }
}

/// A blob, and what a reader needs before it has come.
package struct Attachment: Hashable, Sendable {
    package let blob: Blob
    package let mediaType: String
    /// What it shows, for those who do not see it.
    package let alternative: String?
    package let dimensions: Dimensions?
    /// Milliseconds.
    package let duration: UInt64?
    /// A few colours to show until it has come.
    package let blurhash: String?
    package let focus: Focus?

    /// Width and height in pixels.
    package struct Dimensions: Hashable, Sendable {
        package let width: UInt64
        package let height: UInt64

        package init(width: UInt64, height: UInt64) throws(ContentError) {
            try Checks.number(width, ContentLimits.pixels, "the width of a picture")
            try Checks.number(height, ContentLimits.pixels, "the height of a picture")
            self.width = width
            self.height = height
        }
    }

    /// What must stay in view when it is cropped: thousandths from the middle, to the right and up.
    package struct Focus: Hashable, Sendable {
        package let x: Int64
        package let y: Int64

        package init(x: Int64, y: Int64) throws(ContentError) {
            try Checks.number(x, ContentLimits.focus, "a focus")
            try Checks.number(y, ContentLimits.focus, "a focus")
            self.x = x
            self.y = y
        }
    }

    package init(
        blob: Blob, mediaType: String, alternative: String? = nil, dimensions: Dimensions? = nil,
        duration: UInt64? = nil, blurhash: String? = nil, focus: Focus? = nil
    ) throws(ContentError) {
        try Self.check(mediaType: mediaType)
        if let alternative {
            try Checks.size(alternative, ContentLimits.alternative, "the text for a picture")
        }
        if let duration {
            try Checks.number(duration, ContentLimits.duration, "the milliseconds of a film")
        }
        if let blurhash {
            try Checks.size(blurhash, ContentLimits.blurhash, "a blurhash")
            try Checks.visible(blurhash, "a blurhash")
        }
        self.blob = blob
        self.mediaType = mediaType
        self.alternative = alternative
        self.dimensions = dimensions
        self.duration = duration
        self.blurhash = blurhash
        self.focus = focus
    }

    /// `[CONT-10]`
    private static func check(mediaType: String) throws(ContentError) {
        try Checks.size(mediaType, ContentLimits.mediaType, "a media type")
        try Checks.visible(mediaType, "a media type")
        let slash = UInt8(ascii: "/")
        guard mediaType.utf8.count(where: { $0 == slash }) == 1, mediaType.utf8.first != slash,
            mediaType.utf8.last != slash
        else { throw .refused("a media type has one slash between two names") }
    }
}

extension Attachment {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.field(1) { encoder in
            encoder.array(2)
            encoder.bytes(blob.root)
            encoder.uint(blob.size)
        }
        writer.text(2, mediaType)
        writer.text(3, alternative)
        writer.uint(4, dimensions?.width)
        writer.uint(5, dimensions?.height)
        writer.uint(6, duration)
        writer.text(7, blurhash)
        if let focus {
            writer.field(8) { encoder in
                encoder.array(2)
                encoder.int(focus.x)
                encoder.int(focus.y)
            }
        }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var blob: Blob?
        var mediaType: String?
        var alternative: String?
        var width: UInt64?
        var height: UInt64?
        var duration: UInt64?
        var blurhash: String?
        var focus: Focus?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: blob = try Blob(from: &reader)
            case 2: mediaType = try reader.text(ContentLimits.mediaType)
            case 3: alternative = try reader.text(ContentLimits.alternative)
            case 4: width = try reader.uint()
            case 5: height = try reader.uint()
            case 6: duration = try reader.uint()
            case 7: blurhash = try reader.text(ContentLimits.blurhash)
            case 8: focus = try Focus(from: &reader)
            default: try reader.skip()
            }
        }
        guard let blob, let mediaType else {
            throw .refused("an attachment lacks its file or its media type")
        }
        var dimensions: Dimensions?
        if let width, let height {
            dimensions = try Dimensions(width: width, height: height)
        } else if width != nil || height != nil {
            throw .refused("a picture has width and height, or neither")
        }
        try self.init(
            blob: blob, mediaType: mediaType, alternative: alternative, dimensions: dimensions,
            duration: duration, blurhash: blurhash, focus: focus)
    }
}

extension Blob {
    fileprivate init(from reader: inout FieldReader) throws(ContentError) {
        try reader.array(exactly: 2)
        try self.init(root: try reader.bytes32(), size: try reader.uint())
    }
}

extension Attachment.Focus {
    fileprivate init(from reader: inout FieldReader) throws(ContentError) {
        try reader.array(exactly: 2)
        let range = ContentLimits.focus
        try self.init(x: try reader.int(in: range), y: try reader.int(in: range))
    }
}
