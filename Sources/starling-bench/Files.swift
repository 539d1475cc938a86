import Glibc

/// A directory of this run's own, taken away at its end.
final class Scratch {
    let path: String
    private let keeps: Bool

    init(in directory: String, keeps: Bool) throws {
        path = "\(directory)/starling-bench-\(getpid())"
        self.keeps = keeps
        try Files.makeDirectory(path)
        Children.scratch(keeps ? nil : path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// A directory that is new: what was there of an earlier repetition is removed.
    func fresh(_ name: String) -> String {
        Files.removeTree(file(name))
        return file(name)
    }

    func remove() {
        if keeps { Terminal.error("left: \(path)") } else { Files.removeTree(path) }
    }
}

enum Files {
    static func write(_ text: String, to path: String) throws {
        guard let file = unsafe fopen(path, "w") else {
            throw BenchError.system("cannot write \(path)", errno)
        }
        defer { unsafe fclose(file) }
        let bytes = Array(text.utf8)
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw BenchError.system("cannot write \(path)", errno)
        }
    }

    static func read(_ path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    static func makeDirectory(_ path: String) throws {
        guard unsafe mkdir(path, 0o700) == 0 else {
            throw BenchError.system("cannot create \(path)", errno)
        }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func names(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func removeTree(_ path: String) {
        if isDirectory(path) {
            for name in names(in: path) { removeTree("\(path)/\(name)") }
            _ = unsafe rmdir(path)
        } else {
            _ = unsafe unlink(path)
        }
    }

    /// Bytes of all files below `path`.
    static func size(_ path: String) -> Int {
        if isDirectory(path) {
            return names(in: path).reduce(0) { $0 + size("\(path)/\($1)") }
        }
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
