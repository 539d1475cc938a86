/// The words after a command, taken apart by what the command says it takes.
struct Arguments {
    /// Values of options that take one, in order.
    private(set) var values: [String: [String]] = [:]
    private(set) var flags: Set<String> = []
    /// What is left: the command's own words.
    private(set) var words: [String] = []

    /// Options that every command has.
    static let commonFlags: Set<String> = ["--help", "--json"]
    static let commonValues: Set<String> = ["--data", "--as"]

    init(_ raw: [String], of command: Command) throws(CommandError) {
        var rest = raw[...]
        var onlyWords = false
        while let word = rest.popFirst() {
            if onlyWords || !word.hasPrefix("-") || word == "-" {
                words.append(word)
                continue
            }
            if word == "--" {
                onlyWords = true
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts[0] == "-h" ? "--help" : parts[0]
            if command.flags.contains(name) || Self.commonFlags.contains(name) {
                flags.insert(name)
            } else if command.options.contains(name) || Self.commonValues.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw .usage("\(name) needs a value", command: command.name)
                }
                values[name, default: []].append(value)
            } else {
                throw .usage("\(command.name) does not know \(name)", command: command.name)
            }
        }
        if flags.contains("--help") { return }
        guard command.words.contains(words.count) else {
            let problem =
                words.count < command.words.lowerBound ? "something is missing" : "too many words"
            throw .usage("\(problem): \(command.usage)", command: command.name)
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    func value(_ name: String) -> String? { values[name]?.last }

    func all(_ name: String) -> [String] { values[name] ?? [] }
}
