import Primitives

/// What a request says beside its path: query, form, multipart form and JSON give the same.
///
/// Clients send one thing in many ways: `sensitive=true`, `sensitive=1`, `{"sensitive": true}`;
/// `ids[]=1&ids[]=2`, `{"ids": [1, 2]}`; `fields_attributes[0][name]=a`. Names nest as Rails writes
/// them. A number or a truth value of JSON is its text.
package struct Parameters: Sendable {
    package indirect enum Value: Sendable {
        case null
        case text(String)
        case file(UploadedFile)
        case list([Value])
        case map([(name: String, value: Value)])
    }

    private(set) var members: [(name: String, value: Value)]

    package init() { members = [] }

    init(_ members: [(name: String, value: Value)]) { self.members = members }

    /// A JSON object; any other value has no names and says nothing.
    init(_ json: JSONValue) {
        guard case .map(let members) = Value(json) else {
            self.members = []
            return
        }
        self.members = members
    }

    package var names: [String] { members.map(\.name) }

    package subscript(name: String) -> Value? { members.first { $0.name == name }?.value }

    /// Those of `other` added; where both have a name, that of `other` counts.
    func overridden(by other: Parameters) -> Parameters {
        let names = Set(other.names)
        return Parameters(members.filter { !names.contains($0.name) } + other.members)
    }

    // MARK: Reading

    /// A text. Nil where there is none, or null.
    package func text(_ name: String) throws(HTTPFailure) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .text(let text): return text
        case .file, .list, .map: throw Self.wrong(name, "a text")
        }
    }

    /// A text that must be there and not be empty.
    package func required(_ name: String) throws(HTTPFailure) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw HTTPFailure(422, "Validation failed: \(name) is missing")
        }
        return text
    }

    /// A truth value, in any of the ways that clients write one. Empty is none.
    package func flag(_ name: String) throws(HTTPFailure) -> Bool? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        switch String(decoding: text.utf8.map(lower), as: UTF8.self) {
        case "true", "1", "t", "on", "yes": return true
        case "false", "0", "f", "off", "no": return false
        default: throw Self.wrong(name, "true or false")
        }
    }

    /// A whole number. Empty is none.
    package func integer(_ name: String) throws(HTTPFailure) -> Int64? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        guard let value = Int64(text) else { throw Self.wrong(name, "a whole number") }
        return value
    }

    /// A list of texts; one text alone is a list of one.
    package func texts(_ name: String) throws(HTTPFailure) -> [String] {
        var texts: [String] = []
        for item in items(name) {
            switch item {
            case .text(let text): texts.append(text)
            case .null: continue
            case .file, .list, .map: throw Self.wrong(name, "a list of texts")
            }
        }
        return texts
    }

    /// What is below a name: `poll[expires_in]`.
    package func child(_ name: String) throws(HTTPFailure) -> Parameters? {
        switch self[name] {
        case nil, .null: return nil
        case .map(let members): return Parameters(members)
        case .text(let text) where text.isEmpty: return nil
        case .text, .file, .list: throw Self.wrong(name, "a set of names and values")
        }
    }

    /// A list of such: `fields_attributes[0][name]`, or an array of objects.
    package func children(_ name: String) throws(HTTPFailure) -> [Parameters] {
        var children: [Parameters] = []
        for item in items(name) {
            guard case .map(let members) = item else {
                throw Self.wrong(name, "a list of sets of names and values")
            }
            children.append(Parameters(members))
        }
        return children
    }

    /// A file of a multipart form.
    package func file(_ name: String) throws(HTTPFailure) -> UploadedFile? {
        switch self[name] {
        case nil, .null: return nil
        case .file(let file): return file
        case .text(let text) where text.isEmpty: return nil
        case .text, .list, .map: throw Self.wrong(name, "a file")
        }
    }

    /// The items of a list, of a map that has numbers for names, or of one value.
    private func items(_ name: String) -> [Value] {
        switch self[name] {
        case nil, .null: return []
        case .list(let items): return items
        case .map(let members):
            let numbered = members.compactMap { member in
                UInt32(member.name).map { (number: $0, value: member.value) }
            }
            guard numbered.count == members.count else { return [.map(members)] }
            return numbered.sorted { $0.number < $1.number }.map(\.value)
        case .text(let text) where text.isEmpty: return []
        case .text, .file:
            return self[name].map { [$0] } ?? []
        }
    }

    private static func wrong(_ name: String, _ what: String) -> HTTPFailure {
        HTTPFailure(422, "Validation failed: \(name) must be \(what)")
    }
}

extension Parameters.Value {
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .text(value ? "true" : "false")
        case .integer(let value): self = .text(String(value))
        case .number(let value): self = .text("\(value)")
        case .string(let text): self = .text(text)
        case .array(let items): self = .list(items.map { Self($0) })
        case .object(let members):
            self = .map(members.map { (name: $0.name, value: Self($0.value)) })
        }
    }
}

/// Puts flat names (`poll[options][]`) in their places.
struct ParameterBuilder {
    private var members: [(name: String, value: Parameters.Value)] = []
    private var count = 0

    var parameters: Parameters { Parameters(members) }

    mutating func add(_ name: String, _ value: Parameters.Value) throws(HTTPFailure) {
        count += 1
        guard count <= Limits.HTTP.parameters, name.utf8.count <= Limits.HTTP.parameterName else {
            throw HTTPFailure(400, "The form has too many or too long names")
        }
        let keys = Self.keys(name)
        guard keys.count <= Limits.HTTP.parameterDepth else {
            throw HTTPFailure(400, "The form's names nest too deep")
        }
        try Self.insert(value, keys[...], into: &members)
    }

    /// `a[b][]` has three: "a", "b", "". A name that is not written so is one key.
    static func keys(_ name: String) -> [String] {
        let bytes = Array(name.utf8)
        guard let first = bytes.firstIndex(of: UInt8(ascii: "[")), first > 0,
            bytes.last == UInt8(ascii: "]")
        else { return [name] }
        let inner = bytes[(first + 1)...].dropLast()
        var keys = [String(decoding: bytes[..<first], as: UTF8.self)]
        var key: [UInt8] = []
        var at = inner.startIndex
        while at < inner.endIndex {
            if inner[at] == UInt8(ascii: "]") {
                guard at + 1 < inner.endIndex, inner[at + 1] == UInt8(ascii: "[") else {
                    return [name]
                }
                keys.append(String(decoding: key, as: UTF8.self))
                key = []
                at += 2
            } else {
                guard inner[at] != UInt8(ascii: "[") else { return [name] }
                key.append(inner[at])
                at += 1
            }
        }
        return keys + [String(decoding: key, as: UTF8.self)]
    }

    private typealias Members = [(name: String, value: Parameters.Value)]

    /// Of a plain name that comes again the last counts, as in Rails. What is once a value and once
    /// a list is refused.
    private static func insert(
        _ value: Parameters.Value, _ keys: ArraySlice<String>, into members: inout Members
    ) throws(HTTPFailure) {
        guard let name = keys.first else { return }
        let place = members.firstIndex { $0.name == name }
        let before = place.map { members[$0].value }
        let new = try placed(value, keys.dropFirst(), beside: before, name)
        if let place {
            members[place].value = new
        } else {
            members.append((name: name, value: new))
        }
    }

    /// What stands at a name after `value` was put at `keys` below it.
    private static func placed(
        _ value: Parameters.Value, _ keys: ArraySlice<String>, beside before: Parameters.Value?,
        _ name: String
    ) throws(HTTPFailure) -> Parameters.Value {
        let conflict = HTTPFailure(400, "The form says \(name) in two ways")
        guard let key = keys.first else {
            switch before {
            case nil, .null, .text, .file: return value
            case .list, .map: throw conflict
            }
        }
        if key.isEmpty {
            var items: [Parameters.Value] = []
            switch before {
            case nil: break
            case .list(let list): items = list
            default: throw conflict
            }
            try append(value, keys.dropFirst(), to: &items, name)
            return .list(items)
        }
        var members: Members = []
        switch before {
        case nil: break
        case .map(let map): members = map
        default: throw conflict
        }
        try insert(value, keys, into: &members)
        return .map(members)
    }

    /// `a[][x]` goes to the last set of the list, unless that has an `x`: then it begins the next.
    private static func append(
        _ value: Parameters.Value, _ keys: ArraySlice<String>, to items: inout [Parameters.Value],
        _ name: String
    ) throws(HTTPFailure) {
        guard let key = keys.first, !key.isEmpty else {
            items.append(try placed(value, keys, beside: nil, name))
            return
        }
        if case .map(var members) = items.last,
            keys.count > 1 || !members.contains(where: { $0.name == key })
        {
            try insert(value, keys, into: &members)
            items[items.count - 1] = .map(members)
        } else {
            items.append(try placed(value, keys, beside: nil, name))
        }
    }
}
