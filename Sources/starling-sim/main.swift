import Glibc

/// The `starling-sim` program: runs seeds of the simulator and prints what came of them.
exit(Program.run(Array(CommandLine.arguments.dropFirst())))
