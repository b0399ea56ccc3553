using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Jobs;

/// <summary>What running jobs of all hubs share.</summary>
internal sealed record JobParts
{
    public required Database Database { get; init; }

    public required TwinSelection Selection { get; init; }

    public required TwinWriter Twins { get; init; }

    public required DirectMethods Methods { get; init; }

    public required Throttles Throttles { get; init; }

    public required ICredentialSource Credentials { get; init; }

    public required JobEvents Events { get; init; }

    public required JobOptions Options { get; init; }

    public required JobMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    internal DateTimeOffset Now => Time.GetUtcNow();
}
