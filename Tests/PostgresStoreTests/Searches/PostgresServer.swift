import Glibc

/// The server of APUS_TEST_POSTGRES, which `make unit` sets.
let postgresServer = getenv("APUS_TEST_POSTGRES").map { String(cString: $0) }
