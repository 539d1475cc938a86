import Foundation
import Testing

/// The protocol's vectors run in `starling conform`; here it is only said whether they are there.
struct VectorFolderTests {
    @Test func vectorsAreThere() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "Protocol/vectors")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        let files = names.filter { $0.hasSuffix(".json") }.sorted()
        if files.isEmpty { return print("Protocol/vectors is absent: nothing to count") }
        var cases = 0
        for file in files {
            let data = try Data(contentsOf: folder.appending(path: file))
            let page = try #require(
                try JSONSerialization.jsonObject(with: data) as? [String: Any], "\(file)")
            cases += (page["cases"] as? [Any])?.count ?? 0
        }
        print("Protocol/vectors: \(cases) cases in \(files.count) files, run by starling conform")
        #expect(cases > 0)
    }
}
