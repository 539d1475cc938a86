import Content
import Foundation
import Glibc
import MerkleLog
import Primitives
import Store
import Testing

@testable import Node

/// What is uploaded says no more where it was made, is of a kind that is taken, and shows as it
/// did.
struct UploadTests {
    /// The programs that take places out: Debian has them, a machine need not.
    static let hasExiv2 = ChildProgram.find("exiv2") != nil
    static let hasFFmpeg = ChildProgram.find("ffmpeg") != nil

    struct Result {
        var type: UploadType
        var bytes: [UInt8]
        /// Width and height.
        var dimensions: [UInt64]?
        var duration: UInt64?
    }

    /// Prepares bytes as `Media.add` does; also looks that nothing is left behind.
    static func prepare(_ bytes: [UInt8]) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.path + "/upload-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder + "/files", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/upload"))
        let file = unsafe open(folder + "/upload", O_RDONLY)
        defer { close(file) }
        let outcome = Swift.Result { () throws -> Result in
            var preparation = try UploadPreparation(file, in: folder + "/files")
            defer { preparation.remove() }
            try preparation.run()
            let data = try Data(contentsOf: URL(fileURLWithPath: preparation.path))
            return Result(
                type: preparation.type, bytes: Array(data),
                dimensions: preparation.dimensions.map { [$0.width, $0.height] },
                duration: preparation.duration)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/files").isEmpty)
        return try outcome.get()
    }

    static func has(_ bytes: [UInt8], _ text: String) -> Bool {
        Data(bytes).range(of: Data(text.utf8)) != nil
    }

    /// Degrees of a place as Exif has them: three fractions, 47/1 22/1 33/1, in either byte order.
    static func hasPlace(_ bytes: [UInt8]) -> Bool {
        let big: [UInt8] = [0, 0, 0, 47, 0, 0, 0, 1, 0, 0, 0, 22, 0, 0, 0, 1]
        let little: [UInt8] = [47, 0, 0, 0, 1, 0, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0]
        return [big, little].contains { Data(bytes).range(of: Data($0)) != nil }
            || has(bytes, "GPSLatitude") || has(bytes, "+47.3758")
    }

    @Test(.enabled(if: hasExiv2), arguments: [UploadType.jpeg, .png, .webp])
    func picturesLoseTheirPlace(_ type: UploadType) throws {
        let before =
            switch type {
            case .jpeg: UploadSamples.jpeg
            case .png: UploadSamples.png
            default: UploadSamples.webp
            }
        #expect(Self.hasPlace(before) && Self.has(before, "Exif") || type != .jpeg)
        #expect(Self.hasPlace(before))
        let after = try Self.prepare(before)
        #expect(after.type == type)
        #expect(!Self.hasPlace(after.bytes) && !Self.has(after.bytes, "Secret Model"))
        #expect(!Self.has(after.bytes, "behind the end"))
        // Turned, as it is shown.
        #expect(after.dimensions == [8, 16])
        // Once more changes nothing but what exiv2 writes anew: it is still a picture.
        let again = try Self.prepare(after.bytes)
        #expect(again.dimensions == after.dimensions && again.bytes.count == after.bytes.count)
    }

    @Test func aGIFLosesItsComment() throws {
        #expect(Self.hasPlace(UploadSamples.gif))
        let after = try Self.prepare(UploadSamples.gif + Array("GPSLatitude behind".utf8))
        #expect(after.type == .gif && !Self.hasPlace(after.bytes))
        #expect(after.dimensions == [16, 8])
        #expect(after.bytes.count < UploadSamples.gif.count)
    }

    @Test(.enabled(if: hasFFmpeg))
    func filmsAndSoundsLoseTheirPlace() throws {
        #expect(Self.hasPlace(UploadSamples.mp4) && Self.hasPlace(UploadSamples.wav))
        let film = try Self.prepare(UploadSamples.mp4)
        #expect(film.type == .mp4 && !Self.hasPlace(film.bytes))
        #expect(film.dimensions == [16, 16])
        #expect(film.duration == 1_000)
        let sound = try Self.prepare(UploadSamples.wav)
        #expect(sound.type == .wav && !Self.hasPlace(sound.bytes))
        #expect(sound.dimensions == nil && sound.duration == 50)
    }

    /// The media type is found in the bytes, whatever the client says; others are refused by name.
    @Test(arguments: [
        ("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>", "svg"),
        ("<!DOCTYPE html><html><script>alert(1)</script></html>", ""),
        ("%PDF-1.7\n", "pdf"), ("#!/bin/sh\necho\n", ""), ("PK\u{3}\u{4}", ""), ("plain", ""),
        ("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", ""),
    ])
    func otherKindsAreRefused(_ text: String, _ kind: String) throws {
        #expect {
            try Self.prepare(Array(text.utf8))
        } throws: { error in
            guard case .kind(let type)? = error as? UploadError else { return false }
            return (kind.isEmpty || type.contains(kind)) && "\(error)".contains("JPEG")
        }
        #expect(throws: UploadError.empty) { try Self.prepare([]) }
    }

    /// Whatever becomes of the bytes, it is an answer and no end of this process.
    @Test(.enabled(if: hasExiv2 && hasFFmpeg))
    func brokenFilesAreRefused() throws {
        let samples = [
            UploadSamples.jpeg, UploadSamples.png, UploadSamples.webp, UploadSamples.gif,
            UploadSamples.mp4,
        ]
        for (number, sample) in samples.enumerated() {
            for part in [2, 3] {
                let cut = Array(sample.prefix(sample.count * (part - 1) / part))
                do {
                    let after = try Self.prepare(cut)
                    #expect(!Self.hasPlace(after.bytes), "sample \(number), part \(part)")
                } catch { #expect(error is UploadError) }
            }
            var random = SeededRandom(seed: UInt64(number))
            for _ in 0..<4 {
                var bytes = sample
                for _ in 0..<8 {
                    let at = Int(random.next() % UInt64(bytes.count - 16)) + 16
                    bytes[at] = UInt8(truncatingIfNeeded: random.next())
                }
                _ = try? Self.prepare(bytes)
            }
        }
    }

    /// The part of the work that is done in this process: any bytes at all.
    @Test func anyBytesMayBeTrimmed() {
        let samples: [(UploadType, [UInt8])] = [
            (.jpeg, UploadSamples.jpeg), (.png, UploadSamples.png), (.webp, UploadSamples.webp),
            (.gif, UploadSamples.gif),
        ]
        for (type, sample) in samples {
            #expect(PictureTrim.trimmed(sample, type) != nil)
            for end in 0..<sample.count {
                _ = PictureTrim.trimmed(Array(sample[..<end]), type)
            }
            for at in sample.indices {
                for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, sample[at] ^ 1] {
                    var bytes = sample
                    bytes[at] = value
                    _ = PictureTrim.trimmed(bytes, type)
                }
            }
        }
    }

    /// A program that runs away is ended, and one that says too much.
    @Test func aProgramHasBounds() throws {
        #expect(ChildProgram.run("/usr/bin/no-such", [], largestFile: 10)?.code != 0)
        let endless = ChildProgram.run("/usr/bin/yes", [], largestFile: 10)
        #expect(endless?.code == nil && (endless?.output.count ?? 0) > 0)
        let listed = ChildProgram.run("/usr/bin/env", [], largestFile: 10)
        #expect(listed?.text == "LC_ALL=C\nPATH=/usr/bin:/bin\n")
        #expect(ChildProgram.run("/usr/bin/false", [], largestFile: 10)?.code == 1)
    }
}
