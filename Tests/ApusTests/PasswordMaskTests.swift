import Testing

@testable import apus

@Suite struct PasswordMaskTests {
    @Test(arguments: [
        ("postgresql:/ana:sec@db/m", "There is nothing at '/home/postgresql:/ana:sec@db/m'."),
        ("postgresql:/ana:se//c@db/m", "There is nothing at '/home/postgresql:/ana:se/c@db/m'."),
        ("--to=postgresql://ana:sec@db/m", "Unknown: postgresql://ana:sec@db/m"),
        ("host=db password = 'sec' user=ana", "No folder 'host=db password = 'sec' user=ana'."),
        ("ana:s%65c@db", "There is nothing at 'ana:sec@db' and 'ana:s%65c@db'."),
        ("ana:secret@db", "The place 'ana:sec... is not known."),
        ("ana:s\"ec@db", #"{"uri": "ana:s\"ec@db"}"#),
    ])
    func `a message shows no password in any form of the text that was given`(text: String, message: String) {
        let shown = PasswordMask([text]).hiding(message)
        #expect(shown.contains("***"))
        for part in ["sec", "se/c", "s%65c", "ec@"] { #expect(!shown.contains(part)) }
    }

    @Test func `a message stays as it is where it repeats no password`() {
        let message = "The server at http://127.0.0.1:5000 did not answer."
        #expect(PasswordMask(["postgresql://ana:5000@db/m", "password=answer"]).hiding(message) == message)
    }
}
