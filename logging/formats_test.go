package logging_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// record writes one of each shape that a format has to cope with.
func record(log *zap.Logger) {
	log = category.Named(log, "orders")
	log.Info("accepted\nat last", zap.Int("n", 1))
	log.Error("refused", zap.Error(errors.New("no price\r\nno address")))
	log.Log(zapcore.DPanicLevel, "broken")
}

func TestFormats(t *testing.T) { // LO-10, LO-11, LO-12
	t.Parallel()
	const at = "2025-05-01T10:00:00.123Z"
	for name, c := range map[string]struct {
		console map[string]any
		want    string
	}{
		"simple": {nil, at + "\tinfo\torders\taccepted at last\t{\"n\": 1}\n" +
			at + "\tfail\torders\trefused\n    no price\n    no address\n" +
			at + "\tcrit\torders\tbroken\n"},
		"SingleLine": {map[string]any{"FormatterOptions:SingleLine": true}, at + "\tinfo\torders\taccepted at last\t{\"n\": 1}\n" +
			at + "\tfail\torders\trefused\tno price no address\n" +
			at + "\tcrit\torders\tbroken\n"},
		"as .NET": {map[string]any{"FormatterOptions:SingleLine": false}, "info: orders\n      accepted\n      at last {\"n\": 1}\n" +
			"fail: orders\n      refused\n      no price\n      no address\n" +
			"crit: orders\n      broken\n"},
		"as .NET with time": {
			map[string]any{"FormatterOptions:SingleLine": false, "TimestampFormat": "HH:mm:ss "},
			"10:00:00 info: orders\n      accepted\n      at last {\"n\": 1}\n" +
				"10:00:00 fail: orders\n      refused\n      no price\n      no address\n" +
				"10:00:00 crit: orders\n      broken\n",
		},
		"systemd": {map[string]any{"FormatterName": "Systemd"}, "<6>orders accepted at last {\"n\": 1}\n" +
			"<3>orders refused no price no address\n<2>orders broken\n"},
		"systemd with time": {
			map[string]any{"FormatterName": "systemd", "FormatterOptions:TimestampFormat": "yyyy-MM-dd'T'HH:mm:ss.fff "},
			"<6>2025-05-01T10:00:00.123 orders accepted at last {\"n\": 1}\n" +
				"<3>2025-05-01T10:00:00.123 orders refused no price no address\n<2>2025-05-01T10:00:00.123 orders broken\n",
		},
		"colours": {
			map[string]any{"FormatterOptions:ColorBehavior": "Enabled"},
			at + "\t\x1b[32minfo\x1b[0m\torders\taccepted at last\t{\"n\": 1}\n" +
				at + "\t\x1b[30;41mfail\x1b[0m\torders\trefused\n    no price\n    no address\n" +
				at + "\t\x1b[37;41mcrit\x1b[0m\torders\tbroken\n",
		},
		"disabled wins": {
			map[string]any{"FormatterOptions:ColorBehavior": "Enabled", "DisableColors": true},
			at + "\tinfo\torders\taccepted at last\t{\"n\": 1}\n" +
				at + "\tfail\torders\trefused\n    no price\n    no address\n" + at + "\tcrit\torders\tbroken\n",
		},
		"json with time": {
			map[string]any{"FormatterName": "json", "FormatterOptions:TimestampFormat": "dd.MM.yy", "UseUtcTimestamp": true},
			`{"level":"info","time":"2025-05-01T10:00:00.123456789Z","logger":"orders","message":"accepted\nat last","n":1}` + "\n" +
				`{"level":"error","time":"2025-05-01T10:00:00.123456789Z","logger":"orders","message":"refused","error":"no price\r\nno address"}` + "\n" +
				`{"level":"dpanic","time":"2025-05-01T10:00:00.123456789Z","logger":"orders","message":"broken"}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, output := setup(t, map[string]any{"Console": c.console})
			record(log)
			if got := output.String(); got != c.want {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

func TestBadRecordsGoToStandardErrorIfTold(t *testing.T) { // LO-9
	t.Parallel()
	var out, bad bytes.Buffer
	configuration, err := config.New(config.Map(map[string]any{"Logging:Console:LogToStandardErrorThreshold": "Error"}))
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(&out), ErrorOutput: zapcore.AddSync(&bad)})
	if err != nil {
		t.Fatal(err)
	}
	record(log.With(zap.Int("m", 2)))
	if n := strings.Count(out.String(), "\"m\": 2"); n != 1 || !strings.Contains(out.String(), "info") {
		t.Errorf("output %q", out.String())
	}
	if n := strings.Count(bad.String(), "\"m\": 2"); n != 2 || strings.Contains(bad.String(), "info") {
		t.Errorf("error output %q", bad.String())
	}
}

func TestTimestampFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"yyyy-MM-dd HH:mm:ss.fff zzz": "2025-05-01 10:00:00.123 +00:00",
		"ddd d MMM yyyy h:m:s tt K":   "Thu 1 May 2025 10:0:0 AM Z",
		"[HH:mm:ss,ff] ":              "[10:00:00,12]",
		"o":                           "2025-05-01T10:00:00.1234567Z",
		"s":                           "2025-05-01T10:00:00",
		"u":                           "2025-05-01 10:00:00Z",
		"2006/01/02 15:04":            "2025/05/01 10:00",
		"15:04:05.000":                "10:00:00.123",
		"'at' HH":                     "at 10",
		"'2 Jan' yyyy 'MST'":          "2 Jan 2025 MST",
		`HH\hmm`:                      "10h00",
		"yyyyMMddHHmmssfff":           "20250501100000123",
		"%H":                          "10",
		"ss.FFFF HH.FF":               "00.1234 10.12",
		"f HH":                        "1 10",
		"HH 'Uhr' · mm":               "10 Uhr · 00",
	} {
		log, output := setup(t, map[string]any{"Console:TimestampFormat": format})
		log.Info("m")
		if got, _, _ := strings.Cut(output.String(), "\t"); got != want {
			t.Errorf("%s gives %q, want %q", format, got, want)
		}
	}
	for _, format := range []string{"qq", "HH:mm:ss.ffffffff", "'open", "HH 7", `HH\`, "d", "z", "HH\nmm", "\xff"} {
		configuration, err := config.New(config.Map(map[string]any{"Logging:Console:TimestampFormat": format}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := logging.New(configuration, logging.Settings{}); err == nil {
			t.Errorf("%s is no error", format)
		}
	}
}

// The format and the zone of the record's time are for no other, and in JSON it is
// RFC 3339.
func TestTimesInFieldsAreComplete(t *testing.T) {
	t.Parallel()
	early := at{time.Date(2025, 5, 1, 12, 4, 5, 0, time.FixedZone("", 2*60*60))}
	field := clock{}.Now().In(time.FixedZone("", 3600))
	for name, want := range map[string]string{
		"json": `{"level":"info","time":"2025-05-01T10:04:05Z","message":"m","a":"2025-05-01T11:00:00.123456789+01:00",` +
			`"b":"2025-05-01T11:00:00.123456789+01:00","c":["2025-05-01T11:00:00.123456789+01:00"],"d":"0001-01-01T00:00:00Z"}` + "\n",
		"simple": "10:04:05\tinfo\tm\t" + `{"a": "2025-05-01T11:00:00.123+01:00", "b": "2025-05-01T11:00:00.123+01:00", ` +
			`"c": ["2025-05-01T11:00:00.123+01:00"], "d": "0001-01-01T00:00:00.000Z"}` + "\n",
	} {
		log, output := setup(t, map[string]any{"Console": map[string]any{
			"FormatterName": name, "TimestampFormat": "HH:mm:ss", "UseUtcTimestamp": true,
		}}, zap.WithClock(early))
		log.With(zap.Time("a", field)).Info("m", zap.Time("b", field), zap.Times("c", []time.Time{field}), zap.Time("d", time.Time{}))
		wantOutput(t, output, want)
	}
}

// What comes from outside cannot steer the terminal, cut a line of the journal off,
// or look like a record of its own.
func TestControlCharactersAreEscaped(t *testing.T) {
	t.Parallel()
	const at = "2025-05-01T10:00:00.123Z"
	nasty := "a\x1b[2Jb\ac\x00d\u009b3Je\u2028f\x9bg\x7fh"
	const (
		escaped = `a\x1b[2Jb\ac\x00d\u009b3Je\u2028f` + "\ufffd" + `g\x7fh`
		field   = `"a\u001b[2Jb\u0007c\u0000d\u009b3Je\u2028f\ufffdg\x7fh"` // zap has escaped some itself
	)
	for name, want := range map[string]string{
		"simple":  at + "\tfail\t" + escaped + "\t" + escaped + "\t" + `{"k": ` + field + "}\n    " + escaped + "\n",
		"systemd": "<3>" + escaped + " " + escaped + ` {"k": ` + field + "} " + escaped + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, output := setup(t, map[string]any{"Console:FormatterName": name})
			log.Named(nasty).Error(nasty, zap.String("k", nasty), zap.Error(errors.New(nasty)))
			if got := output.String(); got != want {
				t.Errorf("got\n%q\nwant\n%q", got, want)
			}
		})
	}
}

// at is a clock that shows one time.
type at struct{ time.Time }

func (a at) Now() time.Time                       { return a.Time }
func (at) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

func TestTimestampsOfAnEarlyHourAndAWholeSecond(t *testing.T) {
	t.Parallel()
	early := at{time.Date(2025, 5, 1, 3, 4, 5, 0, time.FixedZone("", 2*60*60))}
	for format, want := range map[string]string{
		"H:mm:ss.FFF": "3:04:05", "HH:mm:ss.fff": "03:04:05.000", "hh tt": "03 AM", "HH zzz|K": "03 +02:00|+02:00",
	} {
		log, output := setup(t, map[string]any{"Console:TimestampFormat": format}, zap.WithClock(early))
		log.Info("m")
		if got, _, _ := strings.Cut(output.String(), "\t"); got != want {
			t.Errorf("%s gives %q, want %q", format, got, want)
		}
	}
	log, output := setup(t, map[string]any{"Console": map[string]any{"TimestampFormat": "HH:mm K", "UseUtcTimestamp": true}}, zap.WithClock(early))
	log.Info("m")
	if want := "01:04 Z\tinfo\tm\n"; output.String() != want {
		t.Errorf("%q, want %q", output, want)
	}
}
