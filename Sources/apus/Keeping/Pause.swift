internal import Glibc

/// A wait between two attempts.
enum Pause {
    static func short() { usleep(100_000) }
}
