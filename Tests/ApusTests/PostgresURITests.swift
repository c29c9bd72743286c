import Testing

@testable import apus

@Suite struct PostgresURITests {
    private func uri(_ text: String) throws -> PostgresURI {
        try PostgresURI(Setting(source: "--backend-store-uri", text: text))
    }

    @Test(arguments: [
        "postgresql://ana@db/mlflow", "postgres://ana:pw@db:5433/mlflow?sslmode=require&connect_timeout=5",
        "postgresql+psycopg2://ana:p%40w@db/mlflow?host=/run/postgresql", "POSTGRESQL://db/mlflow",
    ])
    func `the forms that people write are taken`(text: String) throws {
        _ = try uri(text)
    }

    @Test(arguments: [
        ("postgresql://ana:secret@db/mlflow?colour=secret", "'colour'"),
        ("postgresql://ana:secret@db/mlflow?host=a&host=b", "'host' is given twice"),
        ("postgresql://ana:sec@ret@db/mlflow", "%40"), ("postgresql://ana:se?cret@db/mlflow", "%40"),
        ("postgresql://ana@db/mlflow?password=se&cret", "%26"),
    ])
    func `others are refused without showing the password`(text: String, part: String) {
        let failure = #expect(throws: StartFailure.self) { try uri(text) }
        #expect(failure?.message.contains(part) == true)
        #expect(failure?.message.contains("--backend-store-uri") == true)
        #expect(failure?.message.contains("sec") == false && failure?.message.contains("cret") == false)
    }

    @Test(arguments: [
        ("postgresql://ana:p%40w@db/mlflow", ["p%40w"]),
        ("--backend-store-uri=postgresql://ana:a:b@db/m?user=@", ["a:b"]),
        ("postgresql://ana@db:5432/mlflow", []), ("--host", []), ("http://127.0.0.1:5000/a@b", []),
        ("sqlite:////tmp/a:b.db", []), ("postgresql://db/m?user=ana&password=a:b@c", ["a:b@c"]),
        ("postgresql://ana:one@db/m?sslpassword=two&sslmode=require&password=three", ["one", "two", "three"]),
        ("postgresql://?password=", [""]), ("postgresql://db/m?passfile=/x", []),
        ("postgresql//ana:one@db/m", ["one"]), ("postgresql:/ana:one@db/m", ["one"]), ("/data/postgres/a.db", []),
        ("postgres://ana:o/ne@db/m", ["o/ne"]), ("postgres://ana:o?ne@db/m", ["o?ne"]),
        ("host=db password=one user=ana", ["one"]), ("password='o ne'", ["'o ne"]),
        ("HOST=db PASSWORD = one user=ana", ["one"]), (#"password=o\ ne user=ana"#, [#"o\ ne"#]),
        (#"password='o\'ne'"#, [#"'o\'ne"#]), ("--x=host=db pwd=one", ["one"]), ("--password=one", ["one"]),
        ("postgresql://db/m?password=o&ne", ["o&ne"]), ("postgresql://db/m;password=o?ne", ["o?ne"]),
        ("postgres://ana:o@n/e@db/m", ["o@n/e"]), ("postgres://ana:o?n=e@db/m", ["o?n=e"]),
        ("postgresql:ana:one@db/m", ["one"]), ("POSTGRES:/ana:one@db/m", ["one"]), ("postgers:/ana:one@db/m", ["one"]),
        ("ana:one@db/m", ["one"]), ("--to=ana:o/ne@db/m", ["o/ne"]), ("//ana:one@db/m", ["one"]),
        ("mysql://ana:o/ne@db/m", ["o/ne"]), ("http:/ana:one@db/m", ["one"]), ("models:/iris@champion", []),
        ("/data/a:b@c", []), ("note: mail to a@b", []), ("s3://bucket/a@b", []), ("--tags.a=b:c", []),
    ])
    func `the passwords of an argument are found`(argument: String, passwords: [String]) {
        let bytes = Array(argument.utf8)
        let found = HiddenPasswords.passwords(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == passwords)
    }
}
