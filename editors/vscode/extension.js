// Starts `tflint-mem server` for Python files and notebooks; everything else is the server's.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async function activate() {
  const settings = workspace.getConfiguration("tflint-mem");
  client = new LanguageClient(
    "tflint-mem",
    { command: settings.get("path"), args: ["server", ...settings.get("args")] },
    {
      documentSelector: [
        { language: "python", scheme: "file" },
        { language: "python", scheme: "untitled" },
      ],
      synchronize: { configurationSection: "tflint-mem" },
    },
  );
  await client.start();
};

exports.deactivate = function deactivate() {
  return client?.stop();
};
