package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sort"

	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

const maxKnownBytes = 8 << 20

var placeMark = regexp.MustCompile("\x00[0-9]{6}")

// known keeps what was read from a document's text, because most documents of a render were in one before.
var known = map[string]document{}
var knownBytes int

// document is a YAML document, read once: Helm would parse it to sort it, and we again for the object.
type document struct {
	// object is what Kubernetes reads from it; `null` where it has only comments.
	object json.RawMessage
	// head is as much of it as Helm needs to sort it, or all of it where only Helm can tell.
	head string
}

func readDocument(file, text string) (document, error) {
	if found, ok := known[text]; ok {
		return found, nil
	}
	object, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return document{head: text}, fmt.Errorf("YAML parse error on %s: %w", file, err)
	}
	read := document{object: object, head: headOf(object, text)}
	if knownBytes > maxKnownBytes {
		known, knownBytes = map[string]document{}, 0
	}
	known[text] = read
	knownBytes += len(text) + len(read.object) + len(read.head)
	return read, nil
}

// headOf writes the fields that Helm sorts by as one line of JSON. Helm turns numbers into texts where it wants a text,
// and says what is wrong with other types: such a document is left to it whole.
func headOf(object json.RawMessage, text string) string {
	var head releaseutil.SimpleHead
	if err := json.Unmarshal(object, &head); err != nil {
		return text
	}
	if head.Metadata != nil {
		if _, isHook := head.Metadata.Annotations[release.HookAnnotation]; !isHook {
			head.Metadata.Annotations = nil
		}
	}
	line, err := json.Marshal(head)
	if err != nil {
		return text
	}
	return string(line)
}

// sortedDocuments is releaseutil.SortManifests over the heads of all documents, then with their texts put back.
// Each document goes in as a file of its own, named after its file and its place in it, which keeps their order.
func sortedDocuments(files map[string]string) ([]*release.Hook, []releaseutil.Manifest, error) {
	heads, texts := map[string]string{}, map[string]string{}
	for path, content := range files {
		for i, text := range splitDocuments(content) {
			read, _ := readDocument(path, text) // on a fault the head is the whole text, and Helm reports it in its order
			place := fmt.Sprintf("%s\x00%06d", path, i)
			heads[place], texts[place] = read.head, text
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(heads, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, nil, errors.New(placeMark.ReplaceAllString(err.Error(), ""))
	}
	for i := range manifests {
		place := manifests[i].Name
		manifests[i].Name, manifests[i].Content = placeMark.ReplaceAllString(place, ""), texts[place]
	}
	for _, hook := range hooks {
		hook.Path, hook.Manifest = placeMark.ReplaceAllString(hook.Path, ""), texts[hook.Path]
	}
	return hooks, manifests, nil
}

func splitDocuments(content string) []string {
	byKey := releaseutil.SplitManifests(content)
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	sort.Sort(releaseutil.BySplitManifestsOrder(keys))
	texts := make([]string, 0, len(keys))
	for _, key := range keys {
		texts = append(texts, byKey[key])
	}
	return texts
}
