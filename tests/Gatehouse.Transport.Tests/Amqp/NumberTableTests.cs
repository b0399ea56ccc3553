using Gatehouse.Transport.Amqp.Sessions;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class NumberTableTests
{
    [Theory]
    [InlineData(3u)]
    [InlineData(12u)]
    public void It_holds_what_a_dictionary_holds_whatever_is_done_to_both(uint numbers)
    {
        var random = new Random(7);
        for (var run = 0; run < 200; run++)
        {
            var table = default(NumberTable<string>);
            var wanted = new Dictionary<uint, string>();
            for (var step = 0; step < 60; step++)
            {
                var number = (uint)random.NextInt64(numbers);
                switch (random.Next(20))
                {
                    case 0:
                        table.Clear();
                        wanted.Clear();
                        break;
                    case < 8:
                        Assert.Equal(wanted.Remove(number), table.Remove(number));
                        break;
                    default:
                        var item = $"{run}.{step}";
                        table.Set(number, item);
                        wanted[number] = item;
                        break;
                }

                Assert.Equal(wanted.Count, table.Count);
                Assert.Equal(wanted.GetValueOrDefault(number), table.Find(number));
                Assert.Equal(wanted.Values.Order(), table.Items.Order());
            }
        }
    }
}
