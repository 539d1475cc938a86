import Glibc

/// The `starling-sim` program: runs the simulator and prints what came of it. `scripts/simulate`
/// builds and runs it.
exit(Program.run(Array(CommandLine.arguments.dropFirst())))
