package settingsfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/internal/settingsfile"
)

// doubled is a .env file whose variables double 29 times.
func doubled() string {
	b := strings.Builder{}
	b.WriteString("A0=aaaaaaaaaa\n")
	for i := range 29 {
		fmt.Fprintf(&b, "A%d=${A%d}${A%[2]d}\n", i+1, i)
	}
	return b.String()
}

// laughs is a YAML file whose aliases multiply.
func laughs(format string) string {
	b := strings.Builder{}
	b.WriteString("a0: &a0 {k: 1, l: 2}\n")
	for i := range 30 {
		fmt.Fprintf(&b, format, i+1, i)
	}
	return b.String()
}

// A small file must not take the process down, nor keep it busy.
func TestWhatAFileMayCostIsBounded(t *testing.T) {
	t.Parallel()
	repeat := func(n int, line string) string {
		b := strings.Builder{}
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	const size = settingsfile.MaxSize
	for name, c := range map[string]struct{ extension, text, want string }{
		"doubled variables":  {".env", doubled(), "line 17: its variables make the file larger than 1048576 bytes"},
		"one huge variable":  {".env", "A=" + strings.Repeat("a", 1000) + "\nB=" + strings.Repeat("$A", 10_000), "line 2: its variables make the file larger than 1048576 bytes"},
		"dotted key of TOML": {".toml", strings.Repeat("a.", 200_000) + "a = 1", "line 1: a:a:a:...: nested too deep; a key may have 100 names"},
		"dotted table":       {".toml", "[" + strings.Repeat("a.", 200_000) + "a]", "line 1: a:a:a:...: nested too deep; a key may have 100 names"},
		"keys of YAML":       {".yaml", repeat(80_000, "k%d: 1\n"), "line 50001: a file may have 50000 keys"},
		"keys of JSON":       {".json", "{" + strings.TrimSuffix(repeat(80_000, "\"k%d\":1,\n"), ",\n") + "}", "line 50001: a file may have 50000 keys"},
		"keys of TOML":       {".toml", repeat(80_000, "k%d=1\n"), "line 50001: a file may have 50000 keys"},
		"variables":          {".env", repeat(80_000, "K%d=1\n"), "line 50001: a file may have 50000 keys"},
		"items of JSON":      {".json", `{"a":[` + strings.Repeat("0,", 60_000) + "0]}", "line 1: a file may have 50000 keys"},
		"items of YAML":      {".yaml", "a: [" + strings.Repeat("0,", 60_000) + "0]", "line 1: a file may have 50000 keys"},
		"items of TOML":      {".toml", "a = [" + strings.Repeat("0,", 60_000) + "0]", "line 1: a file may have 50000 keys"},
		"aliases":            {".yaml", laughs("a%d: &a%[1]d {x: *a%[2]d, y: *a%[2]d, z: *a%[2]d}\n"), "a file may have 50000 keys"},
		"merged aliases":     {".yaml", laughs("a%d: &a%[1]d {<<: [*a%[2]d, *a%[2]d, *a%[2]d]}\n"), "a file may merge 50000 keys"},
		"an alias to itself": {".yaml", "a: &a {b: *a}", "line 1: an alias leads to itself"},
		"a merge of itself":  {".yaml", "a: &a {<<: *a}", "line 1: an alias leads to itself"},
		"deep flow of YAML":  {".yaml", "a: " + strings.Repeat("[", size-10), "exceeded max depth"},
		"deep block of YAML": {".yaml", "a:\n" + strings.Repeat("- ", size/2-10) + "1", "exceeded max depth"},
		"open braces":        {".yaml", strings.Repeat("{", size-10), "exceeded max depth"},
		"questions":          {".yaml", strings.Repeat("? ", size/2-10), "exceeded max depth"},
		"tables of TOML":     {".toml", repeat(80_000, "[t%d]\n"), "line 50001: a file may have 50000 keys"},
		"lists of tables":    {".toml", strings.Repeat("[[t]]\n", 80_000), "line 50000: a file may have 50000 keys"},
	} {
		begin := time.Now()
		_, err := settingsfile.Parse(c.extension, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v, want %s", name, err, c.want)
		}
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("%s: took %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

func TestTheLargestFilesAreRead(t *testing.T) {
	t.Parallel()
	b := strings.Builder{}
	for i := range 49_000 {
		fmt.Fprintf(&b, "key%d: value\n", i)
	}
	entries, err := settingsfile.Parse(".yaml", []byte(b.String()))
	if err != nil || len(entries) != 49_000 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestAFileIsReadUpToItsLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	for size, want := range map[int]string{
		settingsfile.MaxSize:     "",
		settingsfile.MaxSize + 1: "has 1048577 bytes; a file of settings may have 1048576 at most",
	} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := settingsfile.Bytes(path)
		if want == "" && (err != nil || len(b) != size) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%d bytes: %d, %v", size, len(b), err)
		}
	}
	if _, err := settingsfile.Bytes(t.TempDir()); err == nil || err.Error() != "is a folder, not a file" {
		t.Error(err)
	}
}
