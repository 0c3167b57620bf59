"""The rules of tidy.py, each with a tree that breaks it."""

import tempfile
import unittest
from pathlib import Path

import tidy


class Tidy(unittest.TestCase):
    def complaints(self, **files):
        """What tidy says about a tree of these files; `__` stands for `/` and `_dot_` for a dot."""
        with tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                path = Path(directory, name.replace("__", "/").replace("_dot_", "."))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(tidy.complaints(Path(directory)))

    def assert_one(self, part, **files):
        found = self.complaints(**files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_a_clean_tree_has_no_complaints(self):
        rust = "fn f() { println!(\"{ XX todo\"); }\n"
        self.assertEqual(self.complaints(src__a_dot_rs=rust, README_dot_md="[a](src/a.rs#f) [b](https://b)\n"), [])

    def test_a_long_file_and_a_long_function_are_found(self):
        self.assert_one("601 lines", a_dot_rs="//\n" * 601)
        body = "    let c = '{';\n" * 99
        self.assertEqual(self.complaints(a_dot_rs=f"fn f() {{\n{body}"[:-1] + "}\n"), [])
        self.assert_one("fn f has 101 lines", a_dot_rs=f"fn f() {{\n{body}}}\n")

    def test_braces_in_literals_and_comments_do_not_count(self):
        text = 'fn f<\'a>(x: [u8; 2]) -> &\'a str {\n  // {\n  /* { */\n  r#"{"#; "\\"{"; b\'{\'\n}\nfn g();\n'
        self.assertEqual(list(tidy.functions(text)), [("f", 1, 5)])

    def test_unfinished_work_is_found(self):
        for text in ["todo!()", "unimplemented!()", "// FIXME", "// XXX later"]:
            self.assert_one("unfinished", a_dot_rs=text)

    def test_foreign_words_are_found(self):
        self.assert_one("leads out", a_dot_toml='path = "../shared/x"')
        self.assert_one("leads out", a_dot_sh="ls /work/x")
        self.assert_one("registry", a_dot_md="see static.crates.io")
        self.assertEqual(self.complaints(Cargo_dot_lock="x"), [])
        self.assert_one("not about the project", a_dot_md="An agent.")
        self.assert_one("not about the project", a_dot_md="See issue #12.")
        self.assertEqual(self.complaints(a_dot_md="The user agents' reagent.\n".replace("agents' ", "")), [])

    def test_dead_links_are_found_and_code_is_no_link(self):
        self.assert_one("docs/b.md", a_dot_md="[b](docs/b.md)")
        self.assertEqual(self.complaints(a_dot_md="`[b](docs/b.md)`\n```\n[c](c.md)\n```\n"), [])

    def test_files_that_papers_name_must_exist(self):
        self.assert_one("no file b/c.rs", a_dot_md="`b/c.rs` and `c.rs`")
        self.assertEqual(self.complaints(a_dot_md="`b/c.rs`", a__b__c_dot_rs=""), [])

    def test_bounds_must_be_listed(self):
        bound = "const LINES_MAX: usize = 5;"
        self.assert_one("LINES_MAX", cli__src__a_dot_rs=bound, docs__limits_dot_md="`OTHER_MAX`")
        self.assertEqual(self.complaints(cli__src__a_dot_rs=bound, docs__limits_dot_md="`LINES_MAX`"), [])

    def test_walls_between_crates_hold(self):
        self.assert_one("must not know", orders__Cargo_dot_toml="[dependencies]\ndurable-core.workspace = true\n")
        tests_only = "[dependencies]\n[dev-dependencies]\ndurable-core.workspace = true\n"
        self.assertEqual(self.complaints(orders__Cargo_dot_toml=tests_only), [])
        self.assert_one("std::time", runtime__core__src__a_dot_rs="use std::time::Instant;")
        self.assertEqual(self.complaints(runtime__core__src__a_dot_rs="// std::time"), [])
        now = "fn f() { SystemTime::now(); }"
        self.assert_one("SystemTime::now", runtime__store__src__a_dot_rs=now)
        self.assertEqual(self.complaints(runtime__service__src__clock_dot_rs=now), [])


if __name__ == "__main__":
    unittest.main()
