package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const valid = `{"id":"A-1","customer":"Ada","lines":[{"sku":"TEA","quantity":2,"unitPriceCents":150},{"sku":"POT","quantity":1,"unitPriceCents":99}]}`

func TestParseOrderReadsWhatAProducerWrites(t *testing.T) {
	got, err := ParseOrder([]byte("\n" + valid + "\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Order{ID: "A-1", Customer: "Ada", Lines: []Line{{"TEA", 2, 150}, {"POT", 1, 99}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.TotalCents() != 399 {
		t.Errorf("total is %d, want 399", got.TotalCents())
	}
}

func TestParseOrderSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	line := `{"sku":"TEA","quantity":1,"unitPriceCents":1}`
	lines := func(n int) string { return strings.TrimSuffix(strings.Repeat(line+",", n), ",") }
	with := func(old, new string) string { return strings.Replace(valid, old, new, 1) }
	for name, test := range map[string]struct{ body, want string }{
		"nothing":                  {"", "the file is empty"},
		"blanks":                   {" \n", "the file is empty"},
		"half of it":               {valid[:40], "ends in the middle"},
		"all but the last byte":    {valid[:len(valid)-1], "ends in the middle"},
		"no JSON":                  {"id: A-1", "not JSON: byte 1"},
		"two orders":               {valid + valid, "data after the order"},
		"something after":          {valid + "x", "data after the order"},
		"a list":                   {"[" + valid + "]", "want one object"},
		"null":                     {"null", `id ""`},
		"no fields":                {"{}", `id ""`},
		"unknown field":            {with(`"customer"`, `"note":"x","customer"`), `unknown field "note"`},
		"unknown field of a line":  {with(`"sku"`, `"color":"x","sku"`), `unknown field "color"`},
		"field twice":              {with(`"customer"`, `"id":"B-2","customer"`), `field "id" appears twice`},
		"field twice, other case":  {with(`"customer"`, `"ID":"B-2","customer"`), `field "ID" appears twice`},
		"line field twice":         {with(`"quantity":2`, `"quantity":2,"quantity":3`), `field "quantity" appears twice`},
		"later line field twice":   {with(`"quantity":1`, `"quantity":1,"sku":"X"`), `field "sku" appears twice`},
		"not UTF-8":                {with("Ada", "\xff"), "not a text in UTF-8"},
		"blank id":                 {with("A-1", ""), `id ""`},
		"id with a path":           {with("A-1", "../x"), `id "../x"`},
		"id with a newline":        {with("A-1", `A-1\n`), `id "A-1\n"`},
		"id too long":              {with("A-1", strings.Repeat("a", 65)), `...": want 1 to 64`},
		"blank customer":           {with("Ada", "  "), "customer \"  \": must not be blank"},
		"control character":        {with("Ada", `A\u0000da`), "must not have control characters"},
		"customer too long":        {with("Ada", strings.Repeat("a", 101)), "want at most 100 bytes"},
		"no lines":                 {`{"id":"A-1","customer":"Ada","lines":[]}`, "0 lines"},
		"too many lines":           {`{"id":"A-1","customer":"Ada","lines":[` + lines(1001) + `]}`, "1001 lines"},
		"blank sku":                {with("TEA", ""), `line 1: sku "": must not be blank`},
		"quantity zero":            {with(`"quantity":2`, `"quantity":0`), "line 1: quantity 0: want 1 to 100000"},
		"quantity negative":        {with(`"quantity":2`, `"quantity":-2`), "line 1: quantity -2"},
		"quantity missing":         {with(`"quantity":2,`, ``), "line 1: quantity 0"},
		"quantity null":            {with(`"quantity":2`, `"quantity":null`), "line 1: quantity 0"},
		"quantity a fraction":      {with(`"quantity":2`, `"quantity":1.5`), "lines.quantity: cannot be number 1.5"},
		"quantity a string":        {with(`"quantity":2`, `"quantity":"2"`), "lines.quantity: cannot be string"},
		"quantity beyond an int64": {with(`"quantity":2`, `"quantity":99999999999999999999`), "lines.quantity: cannot be number 9"},
		"price zero":               {with(`"unitPriceCents":99`, `"unitPriceCents":0`), "line 2: unitPriceCents 0"},
		"price a fraction":         {with(`"unitPriceCents":99`, `"unitPriceCents":9.9`), "cannot be number 9.9"},
		"price too high":           {with(`"unitPriceCents":99`, `"unitPriceCents":100000001`), "line 2: unitPriceCents 100000001"},
		"total too high":           {with(`"quantity":2,"unitPriceCents":150`, `"quantity":10001,"unitPriceCents":100000000`), "total of 1000100000099 cents"},
		"larger than the limit":    {valid + strings.Repeat(" ", maxOrderBytes), "larger than 1048576 bytes"},
		"two problems":             {with(`"quantity":2,"unitPriceCents":150`, `"quantity":0,"unitPriceCents":0`), "line 1: quantity 0: want 1 to 100000; line 1: unitPriceCents 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseOrder([]byte(test.body))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want %s", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
				t.Errorf("the error does not fit on a line: %s", err)
			}
		})
	}
}

func TestParseOrderReportsProblemsTogetherUpToALimit(t *testing.T) {
	lines := strings.TrimSuffix(strings.Repeat(`{"sku":"TEA","quantity":0,"unitPriceCents":1},`, 500), ",")
	_, err := ParseOrder([]byte(`{"id":"A-1","customer":"","lines":[` + lines + `]}`))
	if err == nil || !strings.HasPrefix(err.Error(), "customer") || !strings.HasSuffix(err.Error(), "; and 496 more") {
		t.Errorf("got %v", err)
	}
}

func TestSamplesAreFourOrdersAndThreeMistakes(t *testing.T) {
	paths, err := filepath.Glob("samples/*.json")
	if err != nil || len(paths) != 7 {
		t.Fatalf("samples are %q, %v", paths, err)
	}
	refused, ids := 0, map[string]bool{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		order, err := ParseOrder(body)
		if err != nil || ids[order.ID] {
			refused++
			continue
		}
		ids[order.ID] = true
	}
	if refused != 3 {
		t.Errorf("%d samples are refused, want 3", refused)
	}
}

func FuzzParseOrder(f *testing.F) {
	paths, _ := filepath.Glob("samples/*.json")
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(valid))
	f.Add([]byte(`{"id":"A","ID":"B","customer":"ſ","lines":[{"ſku":"x","sku":"y"}]}`))
	f.Add([]byte(`{"lines":[[{}]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		order, err := ParseOrder(body)
		if err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\n\r") || len(text) > 2000 {
				t.Fatalf("the error does not fit on a line: %q", text)
			}
			return
		}
		if total := order.TotalCents(); total < 1 || total > maxTotalCents {
			t.Fatalf("total is %d", total)
		}
		written, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseOrder(written)
		if err != nil || !reflect.DeepEqual(order, again) {
			t.Fatalf("read %+v, then %+v, %v", order, again, err)
		}
		// What is accepted while it is still being written must be all of it.
		trimmed := strings.TrimRight(string(body), " \t\r\n")
		for _, cut := range []int{1, 2, len(trimmed) / 2} {
			if _, err := ParseOrder([]byte(trimmed[:len(trimmed)-min(cut, len(trimmed))])); err == nil {
				t.Fatalf("a part of %q is an order, too", trimmed)
			}
		}
	})
}
