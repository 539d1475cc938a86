import Glibc

/// The `starling-bench` program: measures, and prints one table. `scripts/bench` builds and runs
/// it.
Program.run(Array(CommandLine.arguments.dropFirst()))
