package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand"
	"reflect"
	"sort"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// stream tells the host to answer from here on with the random bytes of this name, which depend on the seed and the
// name only. All of Go's crypto reads the host's bytes: since Go 1.26 it takes no other source of chance.
//
//go:wasmimport styrmin stream
func stream(name string)

// The functions of sprig that draw from crypto/rand; those that draw from math/rand are rewritten below, because
// that keeps a state of its own between renders.
var chanceful = []string{
	"randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes", "uuidv4", "bcrypt", "htpasswd", "encryptAES",
	"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert",
	"genSignedCertWithKey",
}

// seededFuncs are the template functions that depend on chance, on the clock's running parts or on the order of a map.
// Each call of a function has its own stream (name and count), so one call more does not change what others get.
// The clock itself comes from the host and stands still during a render.
func seededFuncs() template.FuncMap {
	calls := map[string]int{}
	start := func(name string) {
		calls[name]++
		stream(fmt.Sprintf("%s/%d", name, calls[name]))
	}
	funcs := template.FuncMap{
		"now": func() time.Time { return time.Now().Round(0) }, // without the monotonic reading, which `{{ now }}` prints
		"randInt": func(min, max int) int {
			start("randInt")
			return seededRand().Intn(max-min) + min
		},
		"shuffle": func(text string) string {
			start("shuffle")
			letters := []rune(text)
			seededRand().Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
			return string(letters)
		},
		"keys":   sortedKeys,
		"values": valuesByKey,
	}
	originals := sprig.TxtFuncMap()
	originals["genPrivateKey"] = keyOf(originals["genPrivateKey"])
	for _, name := range []string{"genCA", "genSelfSignedCert", "genSignedCert"} {
		originals[name] = withKey(originals[name+"WithKey"], originals[name])
	}
	for _, name := range chanceful {
		funcs[name] = withStream(name, originals[name], start)
	}
	return funcs
}

func withStream(name string, original any, start func(string)) any {
	function := reflect.ValueOf(original)
	return reflect.MakeFunc(function.Type(), func(args []reflect.Value) []reflect.Value {
		start(name)
		if function.Type().IsVariadic() {
			return function.CallSlice(args)
		}
		return function.Call(args)
	}).Interface()
}

func seededRand() *mathrand.Rand {
	var seed [8]byte
	_, _ = rand.Read(seed[:])
	return mathrand.New(mathrand.NewSource(int64(binary.LittleEndian.Uint64(seed[:]))))
}

func sortedKeys(dicts ...map[string]any) []string {
	all := []string{}
	for _, dict := range dicts {
		first := len(all)
		for key := range dict {
			all = append(all, key)
		}
		sort.Strings(all[first:])
	}
	return all
}

func valuesByKey(dict map[string]any) []any {
	list := []any{}
	for _, key := range sortedKeys(dict) {
		list = append(list, dict[key])
	}
	return list
}
