package main

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// warnings are what Helm would print to stderr, without times.
type warnings struct{ lines []string }

// collectWarnings sends both of Go's logs to a new list.
func collectWarnings() *warnings {
	list := &warnings{lines: []string{}}
	slog.SetDefault(slog.New(list))
	log.SetFlags(0)
	log.SetOutput(list)
	return list
}

func (w *warnings) Write(line []byte) (int, error) {
	w.lines = append(w.lines, strings.TrimSpace(string(line)))
	return len(line), nil
}

// Helm only informs about a hook of an unknown event, though it leaves the object out.
func (w *warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (w *warnings) Handle(_ context.Context, record slog.Record) error {
	line := record.Message
	record.Attrs(func(attr slog.Attr) bool {
		line += " " + attr.String()
		return true
	})
	w.lines = append(w.lines, line)
	return nil
}

func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w *warnings) WithGroup(string) slog.Handler      { return w }
