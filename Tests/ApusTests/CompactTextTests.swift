import Testing

@testable import apus

@Suite struct CompactScriptTests {
    @Test(arguments: [
        ("const a = 1; // one\n\n\n  /* two */ const b = 2;\n", "const a=1;const b=2;"),
        ("/** Says\n * hello. */\nexport function hello() {\n  return 1;\n}", "export function hello(){return 1;}"),
        ("import { a, b } from \"./c.js\";", "import{a,b}from\"./c.js\";"),
        ("if (a) b();\nelse c();", "if(a)b();else c();"),
    ])
    func `comments, blank lines, indentation and spaces beside symbols are left out`(source: String, expected: String) {
        #expect(CompactScript.text(of: source) == expected)
    }

    @Test(arguments: [
        "\"http://a  /* b */\"", "'it is \\'// here\\''", "`a  // b\n\n   /* c */  d`", "`${\"}\"}  ${`  // ${1}`}  `",
        "\"\\\\\"", "`\\`  //`", "\"…  ·  ▲\"",
    ])
    func `strings and templates stay as they are`(literal: String) {
        #expect(CompactScript.text(of: "const a = \(literal); // end") == "const a=\(literal);")
    }

    @Test(arguments: ["/\\/\\*  /", "/[/*]  '/g", "/https?:\\/\\/[^\\s\"'`]/", "/[\\]/]\\//"])
    func `regular expressions stay as they are`(expression: String) {
        #expect(CompactScript.text(of: "a( \(expression) ) // end") == "a(\(expression))")
        #expect(CompactScript.text(of: "return \(expression).test(b);") == "return\(expression).test(b);")
        #expect(CompactScript.text(of: "a && \(expression).test(b)") == "a&&\(expression).test(b)")
        #expect(CompactScript.text(of: "[a, \(expression)]") == "[a,\(expression)]")
    }

    @Test func `a slash after a value divides`() {
        #expect(CompactScript.text(of: "a / b; // c") == "a/b;")
        #expect(CompactScript.text(of: "(a) / 2 + b[0] / \"3\".length; // c") == "(a)/2+b[0]/\"3\".length;")
        #expect(CompactScript.text(of: "a++ / 2; // '") == "a++/2;")
        #expect(CompactScript.text(of: "a.of / 2; // '") == "a.of/2;")
        #expect(CompactScript.text(of: "`a` / 2; // '") == "`a`/2;")
    }

    @Test func `what a space keeps apart stays apart`() {
        #expect(CompactScript.text(of: "a + +b - -c + ++d") == "a+ +b- -c+ ++d")
        #expect(CompactScript.text(of: "for (const a of b) typeof a in c") == "for(const a of b)typeof a in c")
        #expect(CompactScript.text(of: "1 .toFixed()") == "1 .toFixed()")
        #expect(CompactScript.text(of: "a /* b */ c") == "a c")
        #expect(CompactScript.text(of: "a / /b/") == "a/ /b/")
        #expect(CompactScript.text(of: "/a/ in b") == "/a/ in b")
        #expect(CompactScript.text(of: "/a/g instanceof b") == "/a/g instanceof b")
    }

    @Test func `a line break stays where a statement may end`() {
        #expect(CompactScript.text(of: "a\nb\n  c()\n[d]") == "a\nb\nc()\n[d]")
        #expect(CompactScript.text(of: "return\na") == "return\na")
        #expect(CompactScript.text(of: "a\n++b") == "a\n++b")
        #expect(CompactScript.text(of: "a++\nb") == "a++\nb")
        #expect(CompactScript.text(of: "const a = () => {}\n`b`\n/c/g\nd") == "const a=()=>{}\n`b`\n/c/g\nd")
        #expect(CompactScript.text(of: "a /*\n*/ b") == "a\nb")
        #expect(CompactScript.text(of: "a\n  .b()\n  ?.c(\n    d,\n  )") == "a.b()?.c(d,)")
    }

    @Test(arguments: ["\"a", "'a\nb'", "`a", "`${a`", "/* a", "a = /b", "}", "{ {"])
    func `a text that does not end is not changed`(source: String) {
        #expect(CompactScript.text(of: source) == nil)
        #expect(CompactText.of(source, path: "core/a.js") == source)
    }
}

@Suite struct CompactStyleTests {
    @Test(arguments: [
        ("/* All. */\na, b {\n  color: red;\n}\n\n.c > .d { e: 0 1px; }\n", "a,b{color:red}\n.c > .d{e:0 1px}"),
        ("a :focus { width: calc(100% - 2 * (1px + 2px)); }", "a :focus{width:calc(100% - 2 * (1px + 2px))}"),
        ("@media (width: 4rem) and (hover: none) {\n  a { b: c; }\n}", "@media (width:4rem) and (hover:none){a{b:c}}"),
        (":root { --a: #fff; --b: var(--c, 0) 1px; }", ":root{--a:#fff;--b:var(--c,0) 1px}"),
        ("a::before { content: \"+  /* b */ ; }\"; }", "a::before{content:\"+  /* b */ ; }\"}"),
        ("a { content: \"\\00a0 \\\"  \"; }", "a{content:\"\\00a0 \\\"  \"}"),
        ("a { background: url(\"a  b;c.svg\") no-repeat; }", "a{background:url(\"a  b;c.svg\") no-repeat}"),
        ("a /* b */ c { d: e }", "a c{d:e}"),
    ])
    func `what only readers need is left out`(source: String, expected: String) {
        #expect(CompactStyle.text(of: source) == expected)
    }

    @Test(arguments: ["/* a", "a { b: \"c"])
    func `a text that does not end is not changed`(source: String) {
        #expect(CompactStyle.text(of: source) == nil)
        #expect(CompactText.of(source, path: "a.css") == source)
    }
}

@Suite struct CompactTextTests {
    @Test func `a page loses its indentation and blank lines`() {
        #expect(CompactText.of("<p>\n\n  a  b\n</p>\n", path: "a.html") == "<p>\na  b\n</p>")
        #expect(CompactText.of("<pre>\n  a\n</pre>\n", path: "a.html") == "<pre>\n  a\n</pre>\n")
    }

    @Test func `a text of another kind stays as it is`() {
        #expect(CompactText.of("<svg>\n  <!-- a -->\n</svg>", path: "icon.svg") == "<svg>\n  <!-- a -->\n</svg>")
    }

    @Test func `every file of static can be read, and cannot be made shorter twice`() {
        for file in StaticFile.all where file.contentType.hasPrefix("text/") {
            if file.path.hasSuffix(".js") { #expect(CompactScript.text(of: file.text) != nil, "\(file.path)") }
            if file.path.hasSuffix(".css") { #expect(CompactStyle.text(of: file.text) != nil, "\(file.path)") }
            let compact = CompactText.of(file.text, path: file.path)
            #expect(CompactText.of(compact, path: file.path) == compact, "\(file.path)")
            #expect(!compact.isEmpty && compact.utf8.count < file.text.utf8.count, "\(file.path)")
        }
    }
}
