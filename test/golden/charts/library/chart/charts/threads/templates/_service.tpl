{{- define "threads.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-%s-%d" .top.Release.Name .patch.name .index | trunc 63 | trimSuffix "-" }}
spec:
  ports: [{ port: {{ .patch.port | default 80 }} }]
{{- end -}}
