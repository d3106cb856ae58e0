package logging_test

// Which test shows which rule of .NET's logging, and what does not apply:
//
//	LO-1   TestTheLongestPrefixDecides TestARuleOfTheConsoleHidesLongerGeneralOnes TestAFileHasLevelsAndAFormatOfItsOwn FuzzLevelRules
//	       But for "the last added wins": the order of a file's keys is not kept, so
//	       of two patterns of one length the first in the alphabet decides.
//	LO-2   TestTheLongestPrefixDecides TestASettingThatCannotBeUsedIsNamed FuzzLevelRules
//	LO-3   TestLevelsHaveTheNamesOfDotNetAndZap TestSettingsOfADotNetWorkerLoad TestLevelsFollowTheConfiguration TestAFileStaysWhenItLeavesTheConfiguration
//	LO-4   TestTheZeroSettingsWriteInfoAndAbove TestLevelsHaveTheNamesOfDotNetAndZap
//	LO-5   TestTheMinimumLevelIsForWhatNoRuleMatches
//	LO-6   TestSettingsOfADotNetWorkerLoad
//	       Console and File have an effect here; the full type names of .NET's
//	       providers are accepted as those of foreign ones.
//	LO-7   TestAnOutputThatFailsDoesNotStopTheOther
//	       The caller is not told: zap has no error to return. Settings.ErrorOutput is.
//	LO-8   Does not apply: a record is written by its caller, at once; there is no
//	       queue that could be full or lost. MaxQueueLength and QueueFullMode are accepted.
//	LO-9   TestBadRecordsGoToStandardErrorIfTold TestTheTerminalOfStandardErrorHasColours
//	LO-10  TestFormats TestTagsHaveColoursOnATerminalOnly TestTimestampFormats
//	       But for scopes and EventId, which zap does not have, and SingleLine, which
//	       is the default: a line per record can be searched.
//	LO-11  TestFormats
//	LO-12  TestJSONIsOneObjectPerLine TestFormats
//	       The keys are those of zap, fields are not put below State.
//	LO-13  TestFieldsOfTheContext
//	       Logger.With stands for a scope; a context can add fields through slog only.
//	LO-14  TestACategoryNamesAPartOfAnApplication
//	       A category is the name of a logger, not of a type.

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/logging"
)

func TestAnOutputThatFailsDoesNotStopTheOther(t *testing.T) { // LO-7
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	configuration, err := config.New(config.Map(map[string]any{"Logging:File:Path": path}))
	if err != nil {
		t.Fatal(err)
	}
	console, err := os.Open(os.DevNull) // only for reading
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = console.Close() })
	told := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: console, ErrorOutput: zapcore.AddSync(told)})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("kept")
	if err := logging.Close(log); errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if got := read(t, path); !strings.Contains(got, "kept") || !strings.Contains(told.String(), "write error") {
		t.Errorf("file %q, error output %q", got, told)
	}
}
