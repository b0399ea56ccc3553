using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Files;

/// <summary>The group <c>file</c>: what devices uploaded to the embedded endpoint.</summary>
internal sealed class FileCommands(Shell shell)
{
    private const int MaxPage = 1_000;

    private readonly Argument<string> name = new("name") { Description = "Name of the file, the device's id first: d1/logs/today.txt." };
    private readonly Option<string?> device = new("--device-id", "-d") { Description = "Only files of this device.", HelpName = "device" };
    private readonly Option<string?> after = new("--after") { Description = "Start after this name.", HelpName = "name" };
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MaxPage}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> all = new("--all") { Description = "Go on to the last." };
    private readonly Option<string?> output = new("--output", "-o") { Description = "File to write to; must not be there. Default: the last part of the name, in this directory.", HelpName = "file" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new FileCommands(shell);
        return Shell.Group("file", "Files that devices uploaded to the hub itself; those in a storage account are listed by the tools of that account.", commands.List, commands.Download, commands.Delete);
    }

    private Command List => shell.Command(
        "list", "Lists files in the order of their names.", ["gatehouse file list", "gatehouse file list --device-id d1 --all --json"], [device, after, max, all], ListAsync);

    private Command Download => shell.Command("download", "Writes a file of a device to this machine.", ["gatehouse file download d1/logs/today.txt", "gatehouse file download d1/core.bin --output /tmp/core.bin"], [name, output], DownloadAsync);

    private Command Delete => shell.Command("delete", "Deletes a file.", ["gatehouse file delete d1/logs/today.txt"], [name], async call =>
    {
        await call.Hub.DeleteAsync(HubPath.Operator("files").With("name", call.Value(name)), null, call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"file '{call.Value(name)}' deleted."));
    });

    private async Task<int> ListAsync(Call call)
    {
        if (call.Value(max) is < 1 or > MaxPage)
        {
            throw CliException.Usage($"--max takes 1–{MaxPage}.");
        }

        var files = new JsonArray();
        var (last, size) = (call.Value(after), call.Value(all) ? MaxPage : call.Value(max));
        bool isMore;
        do
        {
            var path = HubPath.Operator("files").With("device", call.Value(device)).With("after", last).With("max", size.ToString(CultureInfo.InvariantCulture));
            var page = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
            isMore = page.Count == size;
            foreach (var file in page.ToList())
            {
                page.Remove(file);
                last = (string?)file!["name"];
                files.Add(file);
            }
        }
        while (call.Value(all) && isMore);

        if (isMore)
        {
            call.Terminal.Note($"note: there may be more: --after {last}");
        }

        return call.Answer(files, terminal => terminal.Table(
            ["file", "bytes", "type", "written"], files.Select(file => new[] { (string?)file!["name"], file["size"]!.ToString(), (string?)file["contentType"], ReadableTime.Of(file["lastUpdatedTime"]) })));
    }

    private async Task<int> DownloadAsync(Call call)
    {
        var from = call.Value(name);
        var to = call.Value(output) ?? from[(from.LastIndexOf('/') + 1)..];
        if (to.Length == 0 || (call.Value(output) is null && Path.GetFileName(to) != to))
        {
            throw CliException.Usage("the name of the file does not end in a name for this machine: give --output.");
        }

        using var answer = await call.Hub.OpenAsync(HubPath.Operator("files", "content").With("name", from), call.Cancellation);
        long bytes;
        try
        {
            // Never over a file that is there: a device chose the name.
            await using var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write);
            try
            {
                await answer.Content.CopyToAsync(file, call.Cancellation);
                bytes = file.Length;
            }
            catch
            {
                File.Delete(to);
                throw;
            }
        }
        catch (HttpRequestException error)
        {
            throw new HubUnreachable($"the file broke off ({error.Message}). Repeat.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CliException.Usage(File.Exists(to) ? $"'{to}' is there already. Remove it, or give another --output." : $"'{to}' cannot be written: {error.Message}", error);
        }

        return call.Answer(new JsonObject { ["name"] = from, ["file"] = to, ["bytes"] = bytes }, terminal => terminal.Line($"{bytes} bytes written to '{to}'."));
    }
}
