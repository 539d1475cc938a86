/// The line-based harness by which anybody runs vectors against this implementation.
enum Conform {
    static func run() {}
}
