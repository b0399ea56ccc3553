using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Querying;

/// <summary><c>query</c>: words as in <c>az iot hub query</c>. Rows are JSON, one a line; with <c>--json</c> one array.</summary>
internal sealed class Query(Shell shell)
{
    private readonly Argument<string> query = new("query") { Description = "The query, as in SELECT deviceId FROM devices WHERE tags.site = 'north'." };
    private readonly Option<int?> top = new("--top") { Description = "At most so many rows. Default: all.", HelpName = "number" };

    internal Command Command => shell.Command(
        "query",
        "Asks for devices, modules or jobs by a query.",
        ["gatehouse query \"SELECT * FROM devices\" --top 10 --json", "gatehouse query \"SELECT deviceId FROM devices WHERE tags.site = 'north'\""],
        [query, top],
        async call =>
        {
            if (call.Value(top) is < 1)
            {
                throw CliException.Usage("--top: a number from 1 on.");
            }

            var all = new JsonArray();
            var isAny = false;
            await foreach (var row in QueryPages.ReadAsync(call.Hub, HubPath.Service("devices", "query"), new JsonObject { ["query"] = call.Value(query) }, call.Value(top), call.Cancellation))
            {
                isAny = true;
                Show(call, all, row);
            }

            if (call.IsJson)
            {
                call.Terminal.Json(all);
            }
            else if (!isAny)
            {
                call.Terminal.Note("no rows.");
            }

            return ExitCode.Ok;
        });

    private static void Show(Call call, JsonArray all, JsonNode row)
    {
        if (call.IsJson)
        {
            all.Add(row);
        }
        else
        {
            call.Terminal.Line(row.ToJsonString(SafeJson.Line));
        }
    }
}
