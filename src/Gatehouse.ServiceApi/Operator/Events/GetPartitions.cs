using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Streams.Log;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary><c>GET /gatehouse/v1/partitions</c></summary>
internal sealed class GetPartitions(EventStreams streams) : ApiOperation(Operations.GetPartitions, "GET", "gatehouse/v1/partitions")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var states = await streams.GetPartitionsAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<PartitionJson>([.. states.Select(PartitionJson.From)]), OperatorJson.Types.Partitions);
    }
}

/// <summary>A partition in answers.</summary>
internal sealed record PartitionJson(int Partition, long FirstSequenceNumber, long LastSequenceNumber, DateTime? LastEnqueuedTime, bool IsEmpty)
{
    internal static PartitionJson From(PartitionState state, int partition) => new(
        partition,
        state.FirstSequenceNumber,
        state.LastSequenceNumber,
        state.LastEnqueuedTime?.UtcDateTime,
        state.FirstSequenceNumber > state.LastSequenceNumber);
}
