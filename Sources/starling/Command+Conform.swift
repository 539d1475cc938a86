extension Command {
    static let conform = Command(
        name: "conform", usage: "conform",
        summary: "Answer test vectors, one JSON object a line (for other implementations).",
        details:
            "Reads requests on standard input and writes one answer a line: see Protocol/README.md."
    ) { _ in Conform.run() }
}
