internal import Glibc

/// How often at most a transaction is repeated on a new connection because the prepared statements no longer fit the tables.
let maximumPreparations = 3

/// Waits before another attempt: some milliseconds at first, and at most a tenth of a second.
///
/// The time is random, so that several servers do not run into the same deadlock again.
func pause(attempt: Int) {
    let longest = min(100_000, 2_000 << min(attempt, 6))
    usleep(UInt32.random(in: UInt32(longest / 2)...UInt32(longest)))
}
