import Testing
import Tracking

@Suite struct CurveThinnerTests {
    private func point(_ value: Double?, _ index: Int) -> MetricPoint {
        MetricPoint(value: value ?? 0, isNaN: value == nil, timestamp: Int64(index), step: Int64(index))
    }

    @Test(arguments: [2, 3, 7, 10, 99, 100, 101], [1, 2, 3, 10, 99, 100, 101, 1_000])
    func `every point belongs to one part, and the first and last stay`(maximum: Int, count: Int) throws {
        let values: [Double?] = (0..<count).map { $0 % 13 == 5 ? nil : Double($0 * 7_919 % 1_009) }
        var thinner = CurveThinner(pointCount: Int64(count), maximum: maximum)
        for (index, value) in values.enumerated() { thinner.add(point(value, index)) }
        let points = thinner.points
        #expect(thinner.isThinning == (count > maximum))
        #expect(points.count == min(count, maximum))
        #expect(points.first?.point == point(values[0], 0))
        #expect(points.last?.point == point(values[count - 1], count - 1))
        var start = 0
        for found in points {
            let end = Int(found.point.step)
            let part = values[start...end]
            let numbers = part.compactMap { $0 }
            #expect(found.nanCount == part.count - numbers.count)
            #expect(found.range?.lowerBound == numbers.min() && found.range?.upperBound == numbers.max())
            start = end + 1
        }
        #expect(start == count)
    }

    @Test func `NaN that another program has stored as a value is no part of a range`() {
        let foreign = MetricPoint(value: .nan, isNaN: false, timestamp: 1, step: 1)
        var point = CurvePoint(foreign)
        #expect(point.range == nil && point.nanCount == 1)
        point.include(foreign)
        point.include(self.point(2, 2))
        #expect(point.range == 2...2 && point.nanCount == 2)
    }

    @Test(arguments: [
        ("1", true), ("-0.5", true), ("+1e-3", true), (".5", true), ("5.", true), ("1E10", true), ("", false),
        ("-", false), (".", false), ("1e", false), ("nan", false), ("inf", false), ("0x10", false), ("1 ", false),
        ("1_000", false),
        ("١", false), ("1,5", false), ("None", false),
    ])
    func `a decimal number is told from other texts`(text: String, isNumber: Bool) {
        #expect(text.isDecimalNumber == isNumber)
    }
}
