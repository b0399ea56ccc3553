using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Lines that are configurations.</summary>
internal sealed class ConfigurationBatch(HubName hub, string actor, ImportPlace from, ImportExportParts parts) : ImportBatch(from)
{
    private readonly List<(long Line, ImportedConfiguration Configuration)> items = [];

    internal override async Task<HubError?> RunAsync(Func<WriteTransaction, IReadOnlyList<LineError>, CancellationToken, Task<HubError?>> also, CancellationToken cancellationToken)
    {
        var done = await parts.Database.WriteAsync<bool>(
            async (write, token) =>
            {
                if (await HubLock.TakeAsync(write, parts.Database.Dialect, hub, token) is { } gone)
                {
                    return gone;
                }

                var errors = new List<LineError>();
                foreach (var (line, (input, ifMatch)) in items)
                {
                    if (await parts.Configurations.ImportAsync(write, hub, actor, input, ifMatch, token) is { } error)
                    {
                        errors.Add(LineError.Of(line, error, ("configurationId", input.Id)));
                    }
                }

                return await also(write, With(errors), token) is { } refused ? refused : true;
            },
            cancellationToken);
        return done.Error;
    }

    protected override bool TryAdd(ReadOnlySpan<byte> text, long line, out HubError? fault)
    {
        var read = ImportedConfiguration.Read(text);
        fault = read.Error;
        if (read.IsOk)
        {
            items.Add((line, read.Value));
        }

        return true;
    }

    protected override LineError Refuse(long line, HubError error) => LineError.Of(line, error, ("configurationId", null));
}
